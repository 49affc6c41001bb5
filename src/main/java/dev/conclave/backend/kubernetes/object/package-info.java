/** The content of an object: names, annotations, the leader record, and the next version of it. */
package dev.conclave.backend.kubernetes.object;
