package dev.conclave.bench.peers;

import dev.conclave.lease.Tokens;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;

/**
 * What one would write with nothing but {@code vertx-redis-client}: two commands over one
 * connection. No fencing token, no waiting, no clean-up.
 */
public final class BareRedis implements AsyncLocks {
  private static final String ACQUIRE =
      "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0";
  private static final String RELEASE =
      "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

  private final Redis client;
  private final RedisConnection connection;
  private final String lease;
  private final String acquireSha;
  private final String releaseSha;

  private BareRedis(
      Redis client, RedisConnection connection, Place place, String acquireSha, String releaseSha) {
    this.client = client;
    this.connection = connection;
    this.lease = Long.toString(place.leaseMillis());
    this.acquireSha = acquireSha;
    this.releaseSha = releaseSha;
  }

  /** {@code SET NX PX} and {@code EVALSHA}. */
  public static Future<Locks> set(Place place) {
    return open(place, false);
  }

  /** Both as {@code EVALSHA}. */
  public static Future<Locks> scripts(Place place) {
    return open(place, true);
  }

  private static Future<Locks> open(Place place, boolean scripts) {
    Redis client =
        Redis.createClient(
            place.vertx(),
            new RedisOptions().setConnectionString(place.redis()).setMaxWaitingHandlers(8192));
    return client
        .connect()
        .compose(
            connection ->
                load(connection, ACQUIRE)
                    .compose(
                        acquire ->
                            load(connection, RELEASE)
                                .map(
                                    release ->
                                        new BareRedis(
                                            client,
                                            connection,
                                            place,
                                            scripts ? acquire : null,
                                            release))));
  }

  private static Future<String> load(RedisConnection connection, String script) {
    return connection
        .send(Request.cmd(Command.SCRIPT).arg("LOAD").arg(script))
        .map(Response::toString);
  }

  @Override
  public Future<String> acquire(String name, long who) {
    String token = Tokens.random();
    Request request =
        acquireSha == null
            ? Request.cmd(Command.SET).arg(name).arg(token).arg("NX").arg("PX").arg(lease)
            : Request.cmd(Command.EVALSHA).arg(acquireSha).arg("1").arg(name).arg(token).arg(lease);
    return connection
        .send(request)
        .compose(
            answer ->
                answer == null || "0".equals(answer.toString())
                    ? Future.failedFuture("held by another")
                    : Future.succeededFuture(token));
  }

  @Override
  public Future<Response> release(String name, long who, Object held) {
    return connection.send(
        Request.cmd(Command.EVALSHA).arg(releaseSha).arg("1").arg(name).arg((String) held));
  }

  @Override
  public void close() {
    client.close();
  }
}
