package dev.conclave.bench.peers;

import com.zaxxer.hikari.HikariDataSource;
import io.lettuce.core.RedisURI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Lock;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** The lock registries of Spring Integration. */
public final class SpringLocks implements BlockingLocks {
  /** The table of the JDBC registry, as its own schema script has it. */
  public static final String TABLE =
      """
      CREATE TABLE IF NOT EXISTS INT_LOCK (
        LOCK_KEY CHAR(36) NOT NULL,
        REGION VARCHAR(100) NOT NULL,
        CLIENT_ID CHAR(36),
        CREATED_DATE TIMESTAMP NOT NULL,
        EXPIRED_AFTER TIMESTAMP NOT NULL,
        CONSTRAINT INT_LOCK_PK PRIMARY KEY (LOCK_KEY, REGION))
      """;

  private final LockRegistry<? extends Lock> registry;
  private final boolean renews;
  private final AutoCloseable[] resources;

  private SpringLocks(
      LockRegistry<? extends Lock> registry, boolean renews, AutoCloseable... resources) {
    this.registry = registry;
    this.renews = renews;
    this.resources = resources;
  }

  /** Over Lettuce, woken by pub/sub. */
  public static Locks redis(Place place) {
    RedisLockRegistry registry =
        new RedisLockRegistry(
            lettuce(place), "bench-spring", Duration.ofMillis(place.leaseMillis()));
    registry.setRedisLockType(RedisLockRegistry.RedisLockType.PUB_SUB_LOCK);
    registry.setCacheCapacity(100_000);
    ThreadPoolTaskScheduler renewals = new ThreadPoolTaskScheduler();
    renewals.setWaitForTasksToCompleteOnShutdown(true);
    renewals.initialize();
    registry.setRenewalTaskScheduler(renewals);
    return new SpringLocks(registry, true, registry::destroy, renewals::shutdown);
  }

  /** Over a Hikari pool of 16 connections. */
  public static Locks jdbc(Place place) {
    HikariDataSource pool = ShedLocks.hikari(place);
    DefaultLockRepository repository = new DefaultLockRepository(pool);
    repository.setTransactionManager(new JdbcTransactionManager(pool));
    repository.afterPropertiesSet();
    repository.afterSingletonsInstantiated();
    repository.start();
    JdbcLockRegistry registry =
        new JdbcLockRegistry(repository, Duration.ofMillis(place.leaseMillis()));
    registry.setCacheCapacity(100_000);
    return new SpringLocks(registry, false, pool);
  }

  static LettuceConnectionFactory lettuce(Place place) {
    RedisURI uri = RedisURI.create(place.redis());
    LettuceConnectionFactory factory =
        new LettuceConnectionFactory(
            new RedisStandaloneConfiguration(uri.getHost(), uri.getPort()));
    factory.afterPropertiesSet();
    factory.start();
    return factory;
  }

  @Override
  public Lock acquire(String name) throws Exception {
    Lock lock = registry.obtain(name);
    if (!lock.tryLock(WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
      throw new TimeoutException("held by another");
    }
    return lock;
  }

  @Override
  public void release(String name, Object held) {
    ((Lock) held).unlock();
  }

  @Override
  public Object hold(String name) throws Exception {
    return renews ? acquire(name) : BlockingLocks.super.hold(name);
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable resource : resources) {
      resource.close();
    }
  }
}
