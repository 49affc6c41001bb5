package dev.conclave.chaos.fault;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.testing.Async;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Carries out a {@link FaultPlan}, which goes on from round to round. */
public final class FaultTrack {
  private final FaultPlan plan;
  private final EventLog log;
  private FaultPlan.Step step;

  /**
   * A track that has not begun.
   *
   * @param log where its faults are logged, or null if they log themselves
   */
  public FaultTrack(List<Fault> faults, EventLog log, long seed) {
    this.plan = new FaultPlan(faults, seed);
    this.step = plan.next();
    this.log = log;
  }

  /** Draws faults until then; completes when the last one has been healed. */
  public CompletableFuture<Void> run(long end) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                torment(end);
                done.complete(null);
              } catch (Throwable broken) {
                done.completeExceptionally(broken);
              }
            },
            "faults");
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  /** Whatever is in force at the end is healed then: on all tracks at once. */
  private void torment(long end) throws Exception {
    for (; pause(step.peace(), end); step = plan.next()) {
      long from = System.nanoTime();
      Fault.Healing healing = step.inject();
      if (healing != Fault.OVER) {
        pause(step.lasts(), end);
      }
      healing.heal();
      if (log != null) {
        log.span(Type.FAULT, "store", "", from, step.fault().name());
        if (step.fault().forgets()) {
          log.span(Type.FORGETS, "store", "", from, step.fault().name());
        }
      }
    }
  }

  /** Whether the end has not come meanwhile. */
  private static boolean pause(Duration duration, long end) {
    long left = end - System.nanoTime();
    Async.pause(Duration.ofNanos(Math.min(duration.toNanos(), Math.max(0, left))));
    return end - System.nanoTime() > 0;
  }
}
