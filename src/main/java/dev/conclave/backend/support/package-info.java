/** What backends have in common, for ours and for those that others write. */
package dev.conclave.backend.support;
