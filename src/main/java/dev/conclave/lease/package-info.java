/** The holder's side of a lease, used by locks, elections and tasks. */
package dev.conclave.lease;
