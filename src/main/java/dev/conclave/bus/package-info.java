/** What services accept on the event bus. */
package dev.conclave.bus;
