/** The holder's side of a lease, which locks, elections and tasks stand on. */
package dev.conclave.lease;
