package dev.conclave.task.guard;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.lease.Tokens;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Instant;

/**
 * Since when the cluster knows a task's schedule. An earlier tick was not missed: the task did not
 * exist, or had another schedule.
 *
 * <ol>
 *   <li>The first machine that knows the schedule writes a record: the schedule and the store's
 *       time.
 *   <li>A record of another schedule is replaced. While machines with the old and the new schedule
 *       start at the same time, they replace each other's record, and no tick counts as missed.
 * </ol>
 */
public final class KnownSchedule {
  private static final String SINCE = "since";
  private static final String SCHEDULE = "schedule";
  private static final int MAX_TEXT = 1_000;

  private final String task;
  private final String schedule;
  private final String worker;
  private final SyncBackend backend;

  /**
   * The schedule of one task.
   *
   * @param text the schedule as text
   */
  public KnownSchedule(String task, String text, String worker, SyncBackend backend) {
    this.task = task;
    this.schedule = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + text.hashCode() : text;
    this.worker = worker;
    this.backend = backend;
  }

  /**
   * Whether the schedule was known before the tick.
   *
   * @param now the local time, for a store that does not report its own
   */
  public Future<Boolean> before(Instant tick, Instant now) {
    return backend
        .register(task)
        .map(shown -> shown.map(Register::storeTime).orElse(now))
        .compose(
            time ->
                publish(time)
                    .compose(
                        answer ->
                            answer instanceof Acquisition.Refused known
                                ? judge(known.holder().metadata(), tick, time)
                                : Future.succeededFuture(false)));
  }

  private Future<Boolean> judge(JsonObject known, Instant tick, Instant time) {
    if (known != null && schedule.equals(known.getString(SCHEDULE))) {
      return Future.succeededFuture(known.getLong(SINCE, Long.MAX_VALUE) < tick.toEpochMilli());
    }
    return backend
        .revoke(TaskKeys.since(task))
        .compose(revoked -> publish(time))
        .map(replaced -> false);
  }

  private Future<Acquisition> publish(Instant since) {
    JsonObject record = new JsonObject().put(SINCE, since.toEpochMilli()).put(SCHEDULE, schedule);
    return backend.acquire(
        LeaseRequest.of(TaskKeys.since(task), Tokens.random(), LeaseRequest.MAX_DURATION, worker)
            .withMetadata(record));
  }
}
