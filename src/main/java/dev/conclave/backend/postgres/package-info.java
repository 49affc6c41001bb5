/** Leases in a PostgreSQL table: array statements on one connection, notifications on another. */
package dev.conclave.backend.postgres;
