/**
 * Leases in Redis 7.0 or newer, or Valkey: standalone, Sentinel, replication or Cluster. Chosen by
 * {@code "type": "redis"}.
 */
package dev.conclave.backend.redis;
