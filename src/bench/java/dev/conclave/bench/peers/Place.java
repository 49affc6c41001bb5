package dev.conclave.bench.peers;

import io.vertx.core.Vertx;

/**
 * Where a contender works.
 *
 * @param vertx for those that need one
 * @param redis the server's URI, or null
 * @param postgres the server's URI, as {@code postgresql://user:password@host:port/database}, or
 *     null
 * @param leaseMillis how long a lock is held unless renewed
 */
public record Place(Vertx vertx, String redis, String postgres, long leaseMillis) {}
