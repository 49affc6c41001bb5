package dev.conclave.backend.redis;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.SyncBackendContract;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.testing.RedisServer;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;

/** The Redis backend against the specification, on one server. */
class RedisBackendTest extends SyncBackendContract {
  @Override
  protected SyncBackend open(Vertx vertx) {
    return open(vertx, RedisServer.shared().uri());
  }

  private static SyncBackend open(Vertx vertx, String uri) {
    return new RedisBackendFactory().create(vertx, RedisFixture.config(uri));
  }

  @Override
  protected SyncBackend openAtDistance(Vertx vertx, Duration roundTrip) {
    URI server = URI.create(RedisServer.shared().uri());
    FaultProxy way = closing(new FaultProxy(server.getHost(), server.getPort()));
    way.delay(roundTrip.dividedBy(2));
    return open(vertx, server.toString().replace(server.getRawAuthority(), way.authority(server)));
  }

  @Override
  protected boolean moveIntoTheFuture(LeaseKey key, Duration by) {
    RedisFixture.moveIntoTheFuture(RedisServer.shared(), key, by);
    return true;
  }
}
