package dev.conclave.bench.peers;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeoutException;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import net.javacrumbs.shedlock.provider.redis.spring.RedisLockProvider;
import net.javacrumbs.shedlock.support.KeepAliveLockProvider;
import org.springframework.jdbc.core.JdbcTemplate;

/** ShedLock's providers. They do not wait. */
public final class ShedLocks implements BlockingLocks {
  /** The table of the JDBC provider, as its documentation has it. */
  public static final String TABLE =
      """
      CREATE TABLE IF NOT EXISTS shedlock (
        name VARCHAR(64) NOT NULL,
        lock_until TIMESTAMP NOT NULL,
        locked_at TIMESTAMP NOT NULL,
        locked_by VARCHAR(255) NOT NULL,
        PRIMARY KEY (name))
      """;

  private final LockProvider provider;
  private final LockProvider renewing;
  private final ScheduledExecutorService renewals = Executors.newSingleThreadScheduledExecutor();
  private final Duration lease;
  private final AutoCloseable resource;

  private ShedLocks(ExtensibleLockProvider provider, Place place, AutoCloseable resource) {
    this.provider = provider;
    this.renewing = new KeepAliveLockProvider(provider, renewals);
    this.lease = Duration.ofMillis(place.leaseMillis());
    this.resource = resource;
  }

  /** Over Lettuce. */
  public static Locks redis(Place place) {
    return new ShedLocks(new RedisLockProvider(SpringLocks.lettuce(place), "bench"), place, null);
  }

  /** Over a Hikari pool of 16 connections, by the time of the database. */
  public static Locks jdbc(Place place) {
    HikariDataSource pool = hikari(place);
    JdbcTemplateLockProvider provider =
        new JdbcTemplateLockProvider(
            JdbcTemplateLockProvider.Configuration.builder()
                .withJdbcTemplate(new JdbcTemplate(pool))
                .usingDbTime()
                .build());
    return new ShedLocks(provider, place, pool);
  }

  static HikariDataSource hikari(Place place) {
    URI uri = URI.create(place.postgres());
    String[] user = uri.getUserInfo().split(":", 2);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath());
    config.setUsername(user[0]);
    if (user.length > 1) {
      config.setPassword(user[1]);
    }
    config.setMaximumPoolSize(16);
    return new HikariDataSource(config);
  }

  @Override
  public SimpleLock acquire(String name) throws Exception {
    return acquire(provider, name);
  }

  private SimpleLock acquire(LockProvider from, String name) throws Exception {
    return from.lock(new LockConfiguration(Instant.now(), name, lease, Duration.ZERO))
        .orElseThrow(() -> new TimeoutException("held by another"));
  }

  @Override
  public void release(String name, Object held) {
    ((SimpleLock) held).unlock();
  }

  @Override
  public SimpleLock hold(String name) throws Exception {
    return acquire(renewing, name);
  }

  @Override
  public void close() throws Exception {
    renewals.shutdown();
    if (resource != null) {
      resource.close();
    }
  }
}
