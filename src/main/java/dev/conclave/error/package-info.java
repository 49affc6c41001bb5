/** The codes of all failures, the same locally and over the event bus. */
package dev.conclave.error;
