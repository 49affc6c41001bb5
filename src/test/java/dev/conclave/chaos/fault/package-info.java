/** Faults, their order from a seed, and the proxy that injects those of the network. */
package dev.conclave.chaos.fault;
