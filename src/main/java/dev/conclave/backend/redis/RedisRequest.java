package dev.conclave.backend.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * What is sent to Redis: an operation of {@link LeaseScript} on one record, which shares a call
 * with others, or a command of its own.
 */
final class RedisRequest {
  /** Registers are remembered for more than the year that is promised. */
  private static final String REGISTER_MILLIS = Long.toString(Duration.ofDays(400).toMillis());

  /**
   * The script's operations, and a command; {@code WAIT} is an acquire that joins the queue when
   * refused.
   */
  enum Kind {
    ACQUIRE,
    WAIT,
    EXTEND,
    RELEASE,
    LEAVE,
    REVOKE,
    LAPSE,
    FIND,
    OWNS,
    WATCH,
    ADVANCE,
    REGISTER,
    RETREAT,
    PING,
    COMMAND;

    private final String title = name().toLowerCase(Locale.ROOT);
    private final byte[] bytes = title.getBytes(UTF_8);
  }

  private final Kind kind;
  private final String record;
  private final LeaseKey key;

  /** What it has of its own in addition to the record: the token, the mark, or nothing (empty). */
  private final String own;

  private final Duration duration;
  private final LeaseRequest request;
  private final Request command;
  private long waiterNumber;

  private RedisRequest(
      Kind kind, String record, LeaseKey key, String own, Duration duration, LeaseRequest request) {
    this(kind, record, key, own, duration, request, null);
  }

  private RedisRequest(
      Kind kind,
      String record,
      LeaseKey key,
      String own,
      Duration duration,
      LeaseRequest request,
      Request command) {
    this.command = command;
    this.kind = kind;
    this.record = record;
    this.key = key;
    this.own = own;
    this.duration = duration;
    this.request = request;
  }

  private static RedisRequest of(
      Kind kind, RedisConfig config, LeaseKey key, String token, Duration duration) {
    return new RedisRequest(kind, record(config.prefix(), key), key, token, duration, null);
  }

  /** A command of its own, sent as it is. */
  static RedisRequest command(Request command) {
    return new RedisRequest(Kind.COMMAND, null, null, "", null, null, command);
  }

  static RedisRequest acquire(RedisConfig config, LeaseRequest request) {
    return new RedisRequest(
        request.waiter() == null ? Kind.ACQUIRE : Kind.WAIT,
        record(config.prefix(), request.key()),
        request.key(),
        request.token(),
        request.duration(),
        request);
  }

  static RedisRequest extend(RedisConfig config, LeaseKey key, String token, Duration duration) {
    return of(Kind.EXTEND, config, key, token, duration);
  }

  static RedisRequest release(RedisConfig config, LeaseKey key, String token) {
    return of(Kind.RELEASE, config, key, token, null);
  }

  static RedisRequest leave(RedisConfig config, LeaseKey key, String token) {
    return of(Kind.LEAVE, config, key, token, null);
  }

  /** Writes nothing, but is refused where nothing can be written. */
  static RedisRequest ping(RedisConfig config) {
    return new RedisRequest(Kind.PING, config.prefix() + ":{ping}", null, "", null, null);
  }

  /** Whether it keeps or ends a holding, and so needs hardly any memory. */
  boolean needsNoMemory() {
    return switch (kind) {
      case EXTEND, RELEASE, LEAVE, REVOKE, LAPSE -> true;
      default -> false;
    };
  }

  static RedisRequest revoke(RedisConfig config, LeaseKey key) {
    return of(Kind.REVOKE, config, key, "", null);
  }

  static RedisRequest lapse(RedisConfig config, LeaseKey key) {
    return of(Kind.LAPSE, config, key, "", null);
  }

  static RedisRequest find(RedisConfig config, LeaseKey key) {
    return of(Kind.FIND, config, key, "", null);
  }

  static RedisRequest owns(RedisConfig config, LeaseKey key, String token) {
    return of(Kind.OWNS, config, key, token, null);
  }

  static RedisRequest watch(String record, Duration marked) {
    return new RedisRequest(Kind.WATCH, record, null, "", marked, null);
  }

  static RedisRequest advance(RedisConfig config, String name, long mark) {
    return register(Kind.ADVANCE, config, name, Long.toString(mark));
  }

  static RedisRequest retreat(RedisConfig config, String name, long mark) {
    return register(Kind.RETREAT, config, name, Long.toString(mark));
  }

  static RedisRequest register(RedisConfig config, String name) {
    return register(Kind.REGISTER, config, name, "");
  }

  private static RedisRequest register(Kind kind, RedisConfig config, String name, String mark) {
    String record = config.prefix() + ":{register:" + name + "}";
    return new RedisRequest(kind, record, null, mark, null, null);
  }

  /** The key of a lease's record. The braces keep all that belongs to it in one cluster slot. */
  static String record(String prefix, LeaseKey key) {
    return prefix + ":{" + key.kind().id() + ":" + key.name() + "}";
  }

  private static String micros(Duration duration) {
    return Long.toString(duration.toSeconds() * 1_000_000 + duration.toNanosPart() / 1000);
  }

  /**
   * Whether it has the same terms as another, so that both can be in one run: they differ in record
   * and {@link #own()} at most.
   *
   * @param distance its position in the run, counted from the other; waiters of a run have
   *     consecutive numbers
   */
  boolean follows(RedisRequest first, int distance) {
    return kind == first.kind
        && Objects.equals(duration, first.duration)
        && (request == null || hasTheTermsOf(first.request))
        && (kind != Kind.WAIT || waiterNumber == first.waiterNumber + distance);
  }

  private boolean hasTheTermsOf(LeaseRequest other) {
    return request.owner().equals(other.owner())
        && Objects.equals(request.metadata(), other.metadata())
        && (kind != Kind.WAIT || waiter().patience().equals(other.waiter().patience()));
  }

  /** Begins a run of so many: what they do, and the terms they have in common. */
  void appendTerms(Request call, int count) {
    call.arg(kind.bytes).arg(count);
    if (kind == Kind.ADVANCE || kind == Kind.RETREAT) {
      call.arg(REGISTER_MILLIS);
    } else if (duration != null) {
      call.arg(micros(duration));
    }
    if (request != null) {
      JsonObject metadata = request.metadata();
      call.arg(request.owner()).arg(metadata == null ? "" : metadata.encode());
      if (kind == Kind.WAIT) {
        call.arg(micros(waiter().patience())).arg(waiterNumber);
      }
    }
  }

  /** What it has of its own in addition to the record. */
  String own() {
    return own;
  }

  /** The number of this client's waiter, for a request that is refused. */
  void waitsAs(long number) {
    waiterNumber = number;
  }

  Kind kind() {
    return kind;
  }

  /** The command, or null for an operation of the script. */
  Request command() {
    return command;
  }

  String record() {
    return record;
  }

  LeaseKey key() {
    return key;
  }

  String token() {
    return own;
  }

  /** The waiter that joins the queue after a refusal, or null. */
  LeaseRequest.Waiter waiter() {
    return request == null ? null : request.waiter();
  }

  /** Names operation and key, never the token. */
  @Override
  public String toString() {
    return command == null
        ? kind.title + " of " + (key == null ? record : key)
        : command.command().toString();
  }
}
