package dev.conclave.examples;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.shareddata.AsyncMap;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * An example of your own backend in one file: leases in a shared map of Vert.x.
 *
 * <ol>
 *   <li>A lease is one entry. Every step reads it, decides, and replaces it only if it is
 *       unchanged; otherwise it decides again.
 *   <li>It has no queue: waiters try again at the holder's expiry.
 *   <li>Hints are sent over the event bus.
 * </ol>
 *
 * <p>It passes the contract suite. But a shared map has no clock. This backend uses the clock of
 * its machine, so on a cluster it is correct only as far as the machines' clocks agree. The
 * backends that come with Conclave do not have this limit.
 */
public final class SharedMapBackend implements SyncBackend {
  private record Step<T>(JsonObject record, T answer) {}

  private final Vertx vertx;
  private final Clock clock;
  private final Supplier<Future<AsyncMap<String, JsonObject>>> map;
  private volatile boolean closed;

  /** A backend on the shared map of this name. */
  public SharedMapBackend(Vertx vertx, String name, Clock clock) {
    this.vertx = vertx;
    this.clock = clock;
    this.map = () -> vertx.sharedData().getAsyncMap(name);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    return step(
        id(request.key()),
        record -> {
          boolean live = isLive(record);
          boolean mine = live && request.token().equals(record.getString("token"));
          if (live && !mine) {
            return new Step<>(null, new Acquisition.Refused(view(request.key(), record)));
          }
          long now = micros();
          long fence =
              mine
                  ? record.getLong("fence")
                  : Math.max(now, record == null ? 0 : record.getLong("fence") + 1);
          JsonObject granted =
              new JsonObject()
                  .put("token", request.token())
                  .put("owner", request.owner())
                  .put("metadata", request.metadata())
                  .put("fence", fence)
                  .put("since", mine ? record.getLong("since") : (Long) now)
                  .put("until", now + request.duration().toMillis() * 1000);
          return new Step<>(granted, (Acquisition) new Acquisition.Granted(fence));
        },
        answer -> answer.granted(),
        request.key());
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return checked(
        () -> {
          LeaseRequest.checkToken(token);
          LeaseRequest.checkDuration(duration);
          long millis = duration.toMillis();
          return step(
              id(key),
              record ->
                  isHeldBy(record, token)
                      ? new Step<>(record.copy().put("until", micros() + millis * 1000), true)
                      : new Step<>(null, false),
              extended -> false,
              key);
        });
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return checked(
        () -> {
          LeaseRequest.checkToken(token);
          return vacate(key, record -> isHeldBy(record, token));
        });
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return vacate(key, this::isLive);
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return read(id(key))
        .map(record -> isLive(record) ? Optional.of(view(key, record)) : Optional.empty());
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return checked(
        () -> {
          LeaseRequest.checkToken(token);
          return read(id(key)).map(record -> isHeldBy(record, token));
        });
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return checked(
        () -> {
          LeasePage.checkLimit(limit);
          String start = kind.id() + ":";
          return open()
              .compose(AsyncMap::entries)
              .map(
                  entries -> {
                    List<Lease> found =
                        entries.keySet().stream()
                            .filter(id -> id.startsWith(start + prefix) && isLive(entries.get(id)))
                            .map(id -> id.substring(start.length()))
                            .filter(name -> page == null || name.compareTo(page) > 0)
                            .sorted()
                            .limit(limit + 1L)
                            .map(n -> view(new LeaseKey(kind, n), entries.get(start + n)))
                            .toList();
                    return found.size() <= limit
                        ? new LeasePage(found, null)
                        : new LeasePage(found.subList(0, limit), found.get(limit - 1).key().name());
                  });
        });
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    MessageConsumer<?> hints =
        vertx.eventBus().consumer("shared-map." + id(key), message -> hint.run());
    return hints::unregister;
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return checked(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          return step(
              "register:" + name,
              record ->
                  record == null || mark > record.getLong("mark")
                      ? new Step<>(new JsonObject().put("mark", mark), true)
                      : new Step<>(null, false),
              moved -> false,
              null);
        });
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return checked(
        () -> {
          LeaseKey.checkName(name);
          return read("register:" + name)
              .map(
                  record ->
                      Optional.of(
                          new Register(
                              record == null
                                  ? OptionalLong.empty()
                                  : OptionalLong.of(record.getLong("mark")),
                              clock.instant())));
        });
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return checked(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          return step(
              "register:" + name,
              record ->
                  record != null && mark < record.getLong("mark")
                      ? new Step<>(new JsonObject().put("mark", mark), true)
                      : new Step<>(null, false),
              moved -> false,
              null);
        });
  }

  @Override
  public Future<Void> ping() {
    return open().mapEmpty();
  }

  @Override
  public Future<Void> close() {
    closed = true;
    return Future.succeededFuture();
  }

  private Future<Boolean> vacate(LeaseKey key, Function<JsonObject, Boolean> may) {
    return step(
        id(key),
        record ->
            may.apply(record)
                ? new Step<>(record.copy().put("until", 0L), true)
                : new Step<>(null, false),
        vacated -> vacated,
        key);
  }

  /** One atomic step: decides on the current record; decides again if another client was faster. */
  private <T> Future<T> step(
      String id, Function<JsonObject, Step<T>> decide, Function<T, Boolean> hints, LeaseKey key) {
    return open()
        .compose(
            entries ->
                entries
                    .get(id)
                    .compose(
                        found -> {
                          Step<T> step = decide.apply(found);
                          if (step.record() == null) {
                            return Future.succeededFuture(step.answer());
                          }
                          Future<Boolean> replaced =
                              found == null
                                  ? entries.putIfAbsent(id, step.record()).map(old -> old == null)
                                  : entries.replaceIfPresent(id, found, step.record());
                          return replaced.compose(
                              done -> {
                                if (!done) {
                                  return step(id, decide, hints, key);
                                }
                                if (hints.apply(step.answer())) {
                                  vertx.eventBus().publish("shared-map." + id, new JsonObject());
                                }
                                return Future.succeededFuture(step.answer());
                              });
                        }));
  }

  private Future<JsonObject> read(String id) {
    return open().compose(entries -> entries.get(id));
  }

  private Future<AsyncMap<String, JsonObject>> open() {
    return closed
        ? Future.failedFuture(ErrorCode.CLOSED.failure("the shared-map backend is closed"))
        : map.get();
  }

  private static <T> Future<T> checked(Supplier<Future<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException refused) {
      return Future.failedFuture(refused);
    }
  }

  private boolean isLive(JsonObject record) {
    return record != null && record.getLong("until") > micros();
  }

  private boolean isHeldBy(JsonObject record, String token) {
    return isLive(record) && record.getString("token").equals(token);
  }

  private Lease view(LeaseKey key, JsonObject record) {
    long now = micros();
    return new Lease(
        key,
        record.getString("owner"),
        record.getLong("fence"),
        Duration.ofNanos(Math.max(0, now - record.getLong("since")) * 1000),
        Duration.ofNanos(Math.max(0, record.getLong("until") - now) * 1000),
        record.getJsonObject("metadata"));
  }

  private static String id(LeaseKey key) {
    return key.kind().id() + ":" + key.name();
  }

  private long micros() {
    return Math.multiplyExact(clock.millis(), 1000L);
  }
}
