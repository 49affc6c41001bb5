/** The SPI: what a lease is, and what Conclave requires of a store of leases. */
package dev.conclave.backend;
