package dev.conclave.model.world;

import dev.conclave.time.Scheduler;
import java.util.ArrayList;
import java.util.List;

/** What is to run at a moment of the store's clock, in order. */
final class ModelTimers {
  /** What has run or was cancelled keeps nothing: equal states are then equal. */
  private static final class Task implements Scheduler.Timer {
    private long at;
    private Runnable action;
    private List<Task> in;

    @Override
    public void cancel() {
      if (in != null) {
        in.remove(this);
        at = 0;
        action = null;
        in = null;
      }
    }
  }

  private final List<Task> tasks = new ArrayList<>();

  Scheduler.Timer add(long at, Runnable action) {
    Task task = new Task();
    task.at = at;
    task.action = action;
    task.in = tasks;
    int place = tasks.size();
    while (place > 0 && tasks.get(place - 1).at > at) {
      place--;
    }
    tasks.add(place, task);
    return task;
  }

  boolean isDue(long now) {
    return !tasks.isEmpty() && tasks.get(0).at <= now;
  }

  /** When the next is due, or the other moment if that is earlier. */
  long next(long other) {
    return tasks.isEmpty() ? other : Math.min(other, tasks.get(0).at);
  }

  void runFirst() {
    Task first = tasks.get(0);
    Runnable action = first.action;
    first.cancel();
    action.run();
  }

  void clear() {
    tasks.clear();
  }
}
