/** The stores that campaigns run on, each with the faults of its own. */
package dev.conclave.chaos.store;
