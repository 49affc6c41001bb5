/** Tries everything that can happen within bounds, and remembers the states that it has seen. */
package dev.conclave.model.search;
