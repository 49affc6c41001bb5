/** The SPI: what a lease is, and what Conclave asks of a store of leases. */
package dev.conclave.backend;
