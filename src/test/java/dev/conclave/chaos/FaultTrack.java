package dev.conclave.chaos;

import dev.conclave.chaos.Event.Type;
import dev.conclave.testing.Async;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Carries out a {@link FaultPlan}, which goes on from round to round. */
final class FaultTrack {
  private final FaultPlan plan;
  private final EventLog log;

  /**
   * A track that has not begun.
   *
   * @param log where its faults are told, or null when they tell of themselves
   */
  FaultTrack(List<Fault> faults, EventLog log, long seed) {
    this.plan = new FaultPlan(faults, seed);
    this.log = log;
  }

  /** Draws faults until then; completes when the last one has been healed. */
  CompletableFuture<Void> run(long end) {
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

  private void torment(long end) throws Exception {
    while (System.nanoTime() - end < 0) {
      FaultPlan.Step step = plan.next();
      Async.pause(step.peace());
      long from = System.nanoTime();
      Fault.Healing healing = step.inject();
      if (healing != Fault.OVER) {
        Async.pause(step.lasts());
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
}
