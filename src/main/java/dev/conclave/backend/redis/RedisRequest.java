package dev.conclave.backend.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * A request to Redis: an operation of {@link LeaseScript} on one record, which shares a call with
 * others, or a command of its own.
 */
final class RedisRequest {
  /** How long registers are remembered: the SPI requires at least a year. */
  private static final String REGISTER_MILLIS = Long.toString(Duration.ofDays(400).toMillis());

  /**
   * The script's operations, and a command; {@code WAIT} is an acquire that joins the queue when
   * refused.
   */
  enum Kind {
    ACQUIRE(Result.NUMBER_OR_LEASE),
    WAIT(Result.NUMBER_OR_LEASE),
    EXTEND(Result.NUMBER),
    RELEASE(Result.NUMBER),
    LEAVE(Result.NUMBER),
    REVOKE(Result.NUMBER),
    LAPSE(Result.NUMBER),
    FIND(Result.LEASE_OR_NOTHING),
    OWNS(Result.NUMBER),
    WATCH(Result.NUMBER),
    ADVANCE(Result.NUMBER),
    REGISTER(Result.MARK_AND_TIME),
    RETREAT(Result.NUMBER),
    PING(Result.NUMBER),
    COMMAND(Result.ANYTHING);

    private final Result result;
    private final String title = name().toLowerCase(Locale.ROOT);
    private final byte[] bytes = title.getBytes(UTF_8);

    Kind(Result result) {
      this.result = result;
    }
  }

  /**
   * The form of an operation's result. A proxy in front of a server, or another version of the
   * script, may return anything, so every result is checked before it is used.
   */
  private enum Result {
    NUMBER,
    NUMBER_OR_LEASE,
    LEASE_OR_NOTHING,
    MARK_AND_TIME,
    ANYTHING;

    boolean matches(Response answer) {
      return switch (this) {
        case NUMBER -> isNumber(answer);
        case NUMBER_OR_LEASE -> isNumber(answer) || isLease(answer);
        case LEASE_OR_NOTHING -> answer == null || isLease(answer);
        case MARK_AND_TIME -> isList(answer, 2) && isText(answer.get(0)) && isNumber(answer.get(1));
        case ANYTHING -> true;
      };
    }

    private static boolean isLease(Response answer) {
      return isList(answer, 5)
          && isText(answer.get(0))
          && isNumber(answer.get(1))
          && isNumber(answer.get(2))
          && isNumber(answer.get(3))
          && isText(answer.get(4));
    }

    private static boolean isNumber(Response answer) {
      // The newer protocol has fractions and numbers of any size.
      return answer != null
          && answer.type() == ResponseType.NUMBER
          && answer.toNumber() instanceof Long;
    }

    private static boolean isText(Response answer) {
      return answer != null && answer.type() == ResponseType.BULK;
    }
  }

  private final Kind kind;
  private final String record;
  private final LeaseKey key;

  /**
   * What differs within a run, in addition to the record: the token, the mark, or nothing (empty).
   */
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
      Kind kind, String prefix, LeaseKey key, String token, Duration duration) {
    return new RedisRequest(kind, record(prefix, key), key, token, duration, null);
  }

  /** A command of its own, sent as it is. */
  static RedisRequest command(Request command) {
    return new RedisRequest(Kind.COMMAND, null, null, "", null, null, command);
  }

  static RedisRequest acquire(String prefix, LeaseRequest request) {
    return new RedisRequest(
        request.waiter() == null ? Kind.ACQUIRE : Kind.WAIT,
        record(prefix, request.key()),
        request.key(),
        request.token(),
        request.duration(),
        request);
  }

  static RedisRequest extend(String prefix, LeaseKey key, String token, Duration duration) {
    return of(Kind.EXTEND, prefix, key, token, duration);
  }

  static RedisRequest release(String prefix, LeaseKey key, String token) {
    return of(Kind.RELEASE, prefix, key, token, null);
  }

  static RedisRequest leave(String prefix, LeaseKey key, String token) {
    return of(Kind.LEAVE, prefix, key, token, null);
  }

  /** Writes nothing, but is refused by a server that cannot be written to. */
  static RedisRequest ping(String prefix) {
    return new RedisRequest(Kind.PING, prefix + ":{ping}", null, "", null, null);
  }

  /** Whether it keeps or ends a holding, and so needs hardly any memory. */
  boolean needsNoMemory() {
    return switch (kind) {
      case EXTEND, RELEASE, LEAVE, REVOKE, LAPSE -> true;
      default -> false;
    };
  }

  static RedisRequest revoke(String prefix, LeaseKey key) {
    return of(Kind.REVOKE, prefix, key, "", null);
  }

  static RedisRequest lapse(String prefix, LeaseKey key) {
    return of(Kind.LAPSE, prefix, key, "", null);
  }

  static RedisRequest find(String prefix, LeaseKey key) {
    return of(Kind.FIND, prefix, key, "", null);
  }

  static RedisRequest owns(String prefix, LeaseKey key, String token) {
    return of(Kind.OWNS, prefix, key, token, null);
  }

  static RedisRequest watch(String record, Duration marked) {
    return new RedisRequest(Kind.WATCH, record, null, "", marked, null);
  }

  static RedisRequest advance(String prefix, String name, long mark) {
    return register(Kind.ADVANCE, prefix, name, Long.toString(mark));
  }

  static RedisRequest retreat(String prefix, String name, long mark) {
    return register(Kind.RETREAT, prefix, name, Long.toString(mark));
  }

  static RedisRequest register(String prefix, String name) {
    return register(Kind.REGISTER, prefix, name, "");
  }

  private static RedisRequest register(Kind kind, String prefix, String name, String mark) {
    String record = prefix + ":{register:" + name + "}";
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

  /** Appends the beginning of a run: the operation, its count, and the common terms. */
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

  /** Whether the answer has the form of this operation's result. */
  boolean hasResult(Response answer) {
    return kind.result.matches(answer);
  }

  /**
   * Whether it is a list of this many elements. The newer protocol has maps, which are not lists.
   */
  static boolean isList(Response answer, int size) {
    return answer != null
        && answer.type() == ResponseType.MULTI
        && answer.isArray()
        && answer.size() == size;
  }

  /** What differs within a run, in addition to the record. */
  String own() {
    return own;
  }

  /** Sets the number of this client's waiter, with which a refused request joins the queue. */
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
