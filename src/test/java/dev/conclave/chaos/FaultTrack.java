package dev.conclave.chaos;

import dev.conclave.chaos.Event.Type;
import dev.conclave.testing.Async;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * Faults one after the other, with peace between them. What comes next is drawn from one sequence
 * that goes on from round to round, so its seed fixes all of it.
 */
final class FaultTrack {
  private static final int LONGEST_FAULT = 3_500;
  private static final int LONGEST_PEACE = 2_000;

  private final ChaosStore store;
  private final List<Fault> faults;
  private final EventLog log;
  private final Random random;

  /**
   * A track that has not begun.
   *
   * @param log where its faults are told, or null when they tell of themselves
   */
  FaultTrack(ChaosStore store, List<Fault> faults, EventLog log, long seed) {
    this.store = store;
    this.faults = faults;
    this.log = log;
    this.random = new Random(seed);
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
      Async.pause(Duration.ofMillis(100 + random.nextInt(LONGEST_PEACE)));
      Fault fault = faults.get(random.nextInt(faults.size()));
      Duration lasts = Duration.ofMillis(100 + random.nextInt(LONGEST_FAULT));
      long from = System.nanoTime();
      Optional<String> before = fault.forgets() ? store.epoch() : Optional.empty();
      Fault.Healing healing = fault.injection().inject(random);
      if (healing != Fault.OVER) {
        Async.pause(lasts);
      }
      healing.heal();
      if (fault.forgets()) {
        store.settle(); // two servers that both serve forget what the other one grants
      }
      if (log != null) {
        log.span(Type.FAULT, "store", "", from, fault.name());
        boolean kept = before.isPresent() && before.equals(store.epoch());
        if (fault.forgets() && !kept) {
          log.span(Type.FORGETS, "store", "", from, fault.name());
        }
      }
    }
  }
}
