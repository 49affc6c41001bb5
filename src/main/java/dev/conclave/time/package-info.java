/** Time and scheduling behind one interface, so that tests can control both. */
package dev.conclave.time;
