/** What stands in an object: names, annotations, the leader record, and the next version of it. */
package dev.conclave.backend.kubernetes.object;
