/** Services on the event bus: the caller's side and the service's side. */
package dev.conclave.bus;
