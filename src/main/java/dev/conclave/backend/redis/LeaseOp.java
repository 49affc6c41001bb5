package dev.conclave.backend.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.Locale;

/** One operation of the script on one record. */
final class LeaseOp implements RedisAsk {
  /** Registers are remembered for more than the year that is promised. */
  private static final String REGISTER_MILLIS = Long.toString(Duration.ofDays(400).toMillis());

  /** What the script knows to do; {@code WAIT} is an acquire that joins the line when refused. */
  enum Kind {
    ACQUIRE,
    WAIT,
    EXTEND,
    RELEASE,
    REVOKE,
    LAPSE,
    FIND,
    OWNS,
    WATCH,
    ADVANCE;

    private final String title = name().toLowerCase(Locale.ROOT);
    private final byte[] bytes = title.getBytes(UTF_8);
  }

  private final Kind kind;
  private final String record;
  private final LeaseKey key;
  private final String token;
  private final LeaseRequest.Waiter waiter;
  private final String[] arguments;
  private long waiterNumber;

  private LeaseOp(
      Kind kind,
      String record,
      LeaseKey key,
      String token,
      LeaseRequest.Waiter waiter,
      String... arguments) {
    this.kind = kind;
    this.record = record;
    this.key = key;
    this.token = token;
    this.waiter = waiter;
    this.arguments = arguments;
  }

  private static LeaseOp of(
      Kind kind, RedisConfig config, LeaseKey key, String token, String... arguments) {
    return new LeaseOp(kind, record(config.prefix(), key), key, token, null, arguments);
  }

  static LeaseOp acquire(RedisConfig config, LeaseRequest request) {
    JsonObject metadata = request.metadata();
    LeaseRequest.Waiter waiter = request.waiter();
    return new LeaseOp(
        waiter == null ? Kind.ACQUIRE : Kind.WAIT,
        record(config.prefix(), request.key()),
        request.key(),
        request.token(),
        waiter,
        request.token(),
        micros(request.duration()),
        millisToLive(config, request.duration()),
        request.owner(),
        metadata == null ? "" : metadata.encode());
  }

  static LeaseOp extend(RedisConfig config, LeaseKey key, String token, Duration duration) {
    return of(
        Kind.EXTEND, config, key, token, token, micros(duration), millisToLive(config, duration));
  }

  static LeaseOp release(RedisConfig config, LeaseKey key, String token) {
    return of(Kind.RELEASE, config, key, token, token);
  }

  static LeaseOp revoke(RedisConfig config, LeaseKey key) {
    return of(Kind.REVOKE, config, key, null);
  }

  static LeaseOp lapse(RedisConfig config, LeaseKey key) {
    return of(Kind.LAPSE, config, key, null);
  }

  static LeaseOp find(RedisConfig config, LeaseKey key) {
    return of(Kind.FIND, config, key, null);
  }

  static LeaseOp owns(RedisConfig config, LeaseKey key, String token) {
    return of(Kind.OWNS, config, key, token, token);
  }

  static LeaseOp watch(RedisConfig config, String record, Duration marked) {
    return new LeaseOp(
        Kind.WATCH, record, null, null, null, micros(marked), millisToLive(config, marked));
  }

  static LeaseOp advance(RedisConfig config, String name, long mark) {
    return new LeaseOp(
        Kind.ADVANCE,
        config.prefix() + ":{register:" + name + "}",
        null,
        null,
        null,
        Long.toString(mark),
        REGISTER_MILLIS);
  }

  /** The key of a lease's record. The braces keep all that belongs to it in one cluster slot. */
  static String record(String prefix, LeaseKey key) {
    return prefix + ":{" + key.kind().id() + ":" + key.name() + "}";
  }

  private static String micros(Duration duration) {
    return Long.toString(duration.toSeconds() * 1_000_000 + duration.toNanosPart() / 1000);
  }

  /** The record outlives the lease, so that its fence is remembered, but not for ever. */
  private static String millisToLive(RedisConfig config, Duration duration) {
    return Long.toString(duration.toMillis() + 1 + config.idleRetention().toMillis());
  }

  void appendTo(Request request) {
    request.arg(kind.bytes);
    for (String argument : arguments) {
      request.arg(argument);
    }
    if (waiter != null) {
      request.arg(micros(waiter.patience())).arg(waiterNumber);
    }
  }

  /** By which number this client knows the waiter, should the request be refused. */
  void waitsAs(long number) {
    waiterNumber = number;
  }

  Kind kind() {
    return kind;
  }

  String record() {
    return record;
  }

  LeaseKey key() {
    return key;
  }

  String token() {
    return token;
  }

  /** Who wants to stand in line, or null. */
  LeaseRequest.Waiter waiter() {
    return waiter;
  }

  /** Names operation and key, never the token. */
  @Override
  public String toString() {
    return kind.title + " of " + (key == null ? record : key);
  }
}
