/** Runs workers, faults and stores together, and judges what was logged: the entry points. */
package dev.conclave.chaos.campaign;
