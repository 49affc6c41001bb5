package dev.conclave.chaos.worker;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Logs what is asked of a backend, and its answers, for the locks of {@link LockClient}s and for
 * elections: also what handles and elections ask on their own. {@link LeaseClient}s log what they
 * ask the service, and are not logged again here.
 *
 * <p>Tokens are secrets: the log has a part of their hash instead.
 */
final class RecordedBackend implements SyncBackend {
  private static final int ALIAS = 6;

  private final SyncBackend backend;
  private final EventLog log;
  private final String worker;
  private final AtomicLong operations = new AtomicLong();

  RecordedBackend(SyncBackend backend, EventLog log, String worker) {
    this.backend = backend;
    this.log = log;
    this.worker = worker;
  }

  static boolean records(LeaseKey key) {
    return key.kind() == LeaseKey.Kind.LEADER || key.name().startsWith(LockClient.KEYS);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    Duration patience = request.waiter() == null ? Duration.ZERO : request.waiter().patience();
    return record(
        Kind.ACQUIRE,
        request.key(),
        request.token(),
        request.duration(),
        patience,
        () -> backend.acquire(request),
        Acquisition::granted,
        answer -> answer instanceof Acquisition.Granted granted ? granted.fencingToken() : 0L);
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return record(
        Kind.EXTEND,
        key,
        token,
        duration,
        Duration.ZERO,
        () -> backend.extend(key, token, duration),
        extended -> extended,
        extended -> 0L);
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return record(Kind.RELEASE, key, token, () -> backend.release(key, token));
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return record(
        Kind.LEAVE,
        key,
        token,
        Duration.ZERO,
        Duration.ZERO,
        () -> backend.leave(key, token),
        left -> false,
        left -> 0L);
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return record(Kind.REVOKE, key, "", () -> backend.revoke(key));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return record(
        Kind.FIND,
        key,
        "",
        Duration.ZERO,
        Duration.ZERO,
        () -> backend.find(key),
        Optional::isPresent,
        lease -> lease.map(Lease::fencingToken).orElse(0L));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return record(Kind.OWNS, key, token, () -> backend.owns(key, token));
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return backend.list(kind, prefix, page, limit);
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return backend.watch(key, hint);
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return backend.advance(name, mark);
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return backend.register(name);
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return backend.retreat(name, mark);
  }

  @Override
  public Future<Void> ping() {
    return backend.ping();
  }

  @Override
  public Future<Void> close() {
    return backend.close();
  }

  private Future<Boolean> record(
      Kind kind, LeaseKey key, String token, Supplier<Future<Boolean>> call) {
    return record(
        kind, key, token, Duration.ZERO, Duration.ZERO, call, answer -> answer, answer -> 0L);
  }

  private <T> Future<T> record(
      Kind kind,
      LeaseKey key,
      String token,
      Duration duration,
      Duration patience,
      Supplier<Future<T>> call,
      Function<T, Boolean> yes,
      Function<T, Long> fence) {
    if (!records(key)) {
      return call.get();
    }
    String id = worker + "-s" + operations.incrementAndGet();
    String what = kind + " " + alias(token);
    long now = System.nanoTime();
    log.add(Type.OPERATE, key.name(), id, now, patience.toNanos(), duration.toNanos(), what);
    return call.get()
        .onComplete(
            answer -> {
              boolean told = answer.succeeded();
              long number = told ? fence.apply(answer.result()) : 0;
              Outcome outcome =
                  !told ? Outcome.UNKNOWN : yes.apply(answer.result()) ? Outcome.YES : Outcome.NO;
              log.add(Type.OPERATED, key.name(), id, System.nanoTime(), number, 0, outcome.name());
            });
  }

  /** The same for every call with this token, and of no use to anybody who wants to hold. */
  private static String alias(String token) {
    if (token.isEmpty()) {
      return "-";
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(Arrays.copyOf(hash, ALIAS));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
