/** Leases in Kubernetes objects: Lease objects, or the annotation that came before them. */
package dev.conclave.backend.kubernetes;
