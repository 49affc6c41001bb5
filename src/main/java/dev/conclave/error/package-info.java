/** The codes of all failures, the same locally and over the event bus. Below everything else. */
package dev.conclave.error;
