package dev.conclave.backend.redis;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Request;
import java.time.Duration;

/** One operation of the script on one record. */
final class LeaseOp implements RedisAsk {
  /** Registers are remembered for more than the year that is promised. */
  private static final String REGISTER_MILLIS = Long.toString(Duration.ofDays(400).toMillis());

  private static final String NOBODY = "";

  private final String name;
  private final String what;
  private final String record;
  private final LeaseKey key;
  private final String token;
  private final LeaseRequest.Waiter waiter;
  private final String[] arguments;
  private String waiterNumber = NOBODY;

  private LeaseOp(
      String name,
      String what,
      String record,
      LeaseKey key,
      String token,
      LeaseRequest.Waiter waiter,
      String... arguments) {
    this.name = name;
    this.what = what;
    this.record = record;
    this.key = key;
    this.token = token;
    this.waiter = waiter;
    this.arguments = arguments;
  }

  private static LeaseOp of(
      String name, String prefix, LeaseKey key, String token, String... arguments) {
    return new LeaseOp(name, name + " of " + key, record(prefix, key), key, token, null, arguments);
  }

  static LeaseOp acquire(String prefix, LeaseRequest request) {
    JsonObject metadata = request.metadata();
    LeaseRequest.Waiter waiter = request.waiter();
    return new LeaseOp(
        "acquire",
        null,
        record(prefix, request.key()),
        request.key(),
        request.token(),
        waiter,
        request.token(),
        micros(request.duration()),
        request.owner(),
        metadata == null ? "" : metadata.encode(),
        waiter == null ? "0" : micros(waiter.patience()));
  }

  static LeaseOp extend(String prefix, LeaseKey key, String token, Duration duration) {
    return of("extend", prefix, key, token, token, micros(duration));
  }

  static LeaseOp release(String prefix, LeaseKey key, String token) {
    return of("release", prefix, key, token, token);
  }

  static LeaseOp revoke(String prefix, LeaseKey key) {
    return of("revoke", prefix, key, null);
  }

  static LeaseOp lapse(String prefix, LeaseKey key) {
    return of("lapse", prefix, key, null);
  }

  static LeaseOp find(String prefix, LeaseKey key) {
    return of("find", prefix, key, null);
  }

  static LeaseOp owns(String prefix, LeaseKey key, String token) {
    return of("owns", prefix, key, token, token);
  }

  static LeaseOp watch(String record, Duration marked) {
    return new LeaseOp("watch", "watch of " + record, record, null, null, null, micros(marked));
  }

  static LeaseOp advance(String prefix, String name, long mark) {
    return new LeaseOp(
        "advance",
        "advance of register '" + name + "'",
        prefix + ":{register:" + name + "}",
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
    return Long.toString(
        Math.addExact(duration.toSeconds() * 1_000_000, duration.toNanosPart() / 1000));
  }

  void appendTo(Request request) {
    request.arg(name);
    for (String argument : arguments) {
      request.arg(argument);
    }
    if (isAcquire()) {
      request.arg(waiterNumber);
    }
  }

  /** By which number this client knows the waiter, should the request be refused. */
  void waitsAs(long number) {
    waiterNumber = Long.toString(number);
  }

  boolean isAcquire() {
    return name.equals("acquire");
  }

  boolean isRelease() {
    return name.equals("release");
  }

  boolean isRevoke() {
    return name.equals("revoke");
  }

  boolean isLapse() {
    return name.equals("lapse");
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
    return what == null ? name + " of " + key : what;
  }
}
