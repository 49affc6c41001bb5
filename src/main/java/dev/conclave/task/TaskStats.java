package dev.conclave.task;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/** What has come of a task's runs on this machine. */
final class TaskStats {
  private final Map<TaskOutcome, Long> counts = new EnumMap<>(TaskOutcome.class);
  private TaskOutcome lastOutcome;
  private Instant lastFire;
  private long lastDuration;
  private String lastError;

  void count(Instant fireTime, TaskRun.Result result, long times) {
    counts.merge(result.outcome(), times, Long::sum);
    lastOutcome = result.outcome();
    lastFire = fireTime;
    if (result.outcome().ran()) {
      lastDuration = result.duration() / 1_000_000;
      lastError = result.cause() == null ? null : String.valueOf(result.cause().getMessage());
    }
  }

  void show(TaskInfo info) {
    JsonObject shown = new JsonObject();
    counts.forEach((outcome, times) -> shown.put(outcome.name(), times));
    info.setCounts(shown)
        .setLastOutcome(lastOutcome == null ? null : lastOutcome.name())
        .setLastFire(lastFire == null ? null : lastFire.toString())
        .setLastDuration(lastDuration)
        .setLastError(lastError);
  }
}
