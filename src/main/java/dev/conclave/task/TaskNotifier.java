package dev.conclave.task;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;

/**
 * Reports the outcome of runs: every run as an event on the bus, failures also in the log. An
 * outage of the backend is logged once per interval for all tasks together.
 */
final class TaskNotifier {
  private static final System.Logger LOG = System.getLogger(TaskManager.class.getName());
  private static final long MILLI = 1_000_000;

  private final Scheduler scheduler;
  private final TaskBus bus;
  private final TaskManagerOptions options;
  private final OncePerInterval outage = new OncePerInterval();
  private final OncePerInterval wrongClock = new OncePerInterval();
  private long failures;

  TaskNotifier(Scheduler scheduler, TaskBus bus, TaskManagerOptions options) {
    this.scheduler = scheduler;
    this.bus = bus;
    this.options = options;
  }

  void began(String task, TaskContext run) {
    publish(
        task, "started", run.fireTime(), new JsonObject().put("fencingToken", run.fencingToken()));
  }

  void ended(String task, Instant fireTime, TaskRun.Result result) {
    log(task, result);
    JsonObject more =
        new JsonObject()
            .put("outcome", result.outcome().name())
            .put("duration", result.duration() / MILLI);
    if (result.cause() != null) {
      more.put("message", String.valueOf(result.cause().getMessage()));
    }
    publish(task, result.outcome().ran() ? "ended" : "skipped", fireTime, more);
  }

  void backendFailed(String task, Throwable cause) {
    failures++;
    if (outage.isDue()) {
      String others = failures == 1 ? "" : " (" + failures + " failures since the last entry)";
      LOG.log(
          WARNING, "task '" + task + "': the backend fails" + others + ": " + cause.getMessage());
      failures = 0;
    }
  }

  /** A wrong clock is logged once per interval for all tasks together. */
  void clockIsOff(String message) {
    if (wrongClock.isDue()) {
      LOG.log(WARNING, message);
    }
  }

  /** Whether an entry is due: the first one, and then one per interval. */
  private final class OncePerInterval {
    private boolean logged;
    private long loggedAt;

    boolean isDue() {
      long now = scheduler.nanoTime();
      long interval = Duration.ofMillis(options.getErrorInterval()).toNanos();
      if (logged && now - loggedAt < interval) {
        return false;
      }
      logged = true;
      loggedAt = now;
      return true;
    }
  }

  private void log(String task, TaskRun.Result result) {
    String took = "'" + task + "' after " + result.duration() / MILLI + " ms";
    switch (result.outcome()) {
      case BACKEND_ERROR -> backendFailed(task, result.cause());
      case ERROR -> {
        if (ErrorCode.BACKEND_UNAVAILABLE.is(result.cause())) {
          backendFailed(task, result.cause());
        } else {
          LOG.log(WARNING, "task " + took + " failed", result.cause());
        }
      }
      case TIMEOUT, LOST ->
          LOG.log(WARNING, "task " + took + ": " + result.outcome() + ", " + message(result));
      case MISSED -> LOG.log(INFO, "task '" + task + "': " + message(result));
      default -> LOG.log(DEBUG, "task " + took + ": " + result.outcome());
    }
  }

  private static String message(TaskRun.Result result) {
    return String.valueOf(result.cause() == null ? null : result.cause().getMessage());
  }

  private void publish(String task, String event, Instant fireTime, JsonObject more) {
    bus.publish(
        TaskManager.eventAddress(task),
        new JsonObject()
            .put("task", task)
            .put("worker", options.getWorker())
            .put("event", event)
            .put("fireTime", fireTime.toString())
            .put("at", scheduler.now().toString())
            .mergeIn(more));
  }
}
