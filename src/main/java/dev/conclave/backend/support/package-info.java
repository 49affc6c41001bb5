/** Helpers for backends: for ours, and for those that others write. */
package dev.conclave.backend.support;
