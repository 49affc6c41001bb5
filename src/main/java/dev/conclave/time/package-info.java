/** Time and scheduling behind one interface, so that tests can own both. */
package dev.conclave.time;
