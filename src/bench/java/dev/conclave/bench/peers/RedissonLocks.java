package dev.conclave.bench.peers;

import io.vertx.core.Future;
import java.util.concurrent.TimeUnit;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/**
 * Redisson's {@code RLock} or {@code RFairLock}, asynchronously, with its default configuration.
 */
public final class RedissonLocks implements AsyncLocks {
  private final RedissonClient client;
  private final boolean fair;
  private final long lease;

  /** Connects. */
  public RedissonLocks(Place place, boolean fair) {
    Config config = new Config();
    config.setLockWatchdogTimeout(place.leaseMillis());
    config.useSingleServer().setAddress(place.redis());
    this.client = Redisson.create(config);
    this.fair = fair;
    this.lease = place.leaseMillis();
  }

  private RLock lock(String name) {
    return fair ? client.getFairLock(name) : client.getLock(name);
  }

  @Override
  public Future<RLock> acquire(String name, long who) {
    RLock lock = lock(name);
    return Future.fromCompletionStage(
            lock.tryLockAsync(WAIT_MILLIS, lease, TimeUnit.MILLISECONDS, who))
        .compose(
            granted ->
                granted ? Future.succeededFuture(lock) : Future.failedFuture("held by another"));
  }

  @Override
  public Future<Void> release(String name, long who, Object held) {
    return Future.fromCompletionStage(((RLock) held).unlockAsync(who));
  }

  @Override
  public Future<RLock> hold(String name, long who) {
    RLock lock = lock(name);
    return Future.fromCompletionStage(lock.lockAsync(who)).map(lock);
  }

  @Override
  public void close() {
    client.shutdown();
  }
}
