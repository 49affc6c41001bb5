/** Strict reading of configuration: shapes as JSON schemas, and environment variables. */
package dev.conclave.config;
