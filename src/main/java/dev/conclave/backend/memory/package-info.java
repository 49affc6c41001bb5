/** Leases in one process's memory: tests, demonstrations, and the reference of all backends. */
package dev.conclave.backend.memory;
