package dev.conclave.chaos.campaign;

import dev.conclave.chaos.verdict.Checks;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.History;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.testing.Async;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What ends a round of faults, when all of them have been healed: waits until every election has a
 * leader, kills a leader while all else is well, and waits until another leads. Whether it took too
 * long is judged in the end, from what is logged here.
 */
final class Recovery {
  private static final Duration LOOK_EVERY = Duration.ofMillis(200);

  /** Beyond the bound, to find out how late it was. */
  private static final Duration PATIENCE = Limits.LEADER_WITHIN.plusSeconds(5);

  /** Nothing is waited for longer than this, however little of the time the processes run. */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final Workers workers;
  private final EventLog log;
  private final Collection<String> elections;
  private final int spared;

  /**
   * Of these workers.
   *
   * @param spared how many of them are never killed
   */
  Recovery(Workers workers, EventLog log, Collection<String> elections, int spared) {
    this.workers = workers;
    this.log = log;
    this.elections = elections;
    this.spared = spared;
  }

  /** Begins when all is healed. */
  void await() {
    LogTail tail = workers.tail();
    long healed = System.nanoTime();
    log.add(Type.HEALED, "", "", healed, 0, 0, null);
    waiting(
        tail, healed, heard -> elections.stream().allMatch(e -> led(heard, e, healed).isPresent()));
    Async.pause(Duration.ofSeconds(1));
    List<Event> heard = tail.events();
    elections.stream()
        .flatMap(election -> led(heard, election, healed).stream())
        .filter(leader -> !workers.isSpared(leader.worker(), spared))
        .findFirst()
        .ifPresent(leader -> takeOver(leader.key(), leader.worker()));
  }

  private void takeOver(String election, String leader) {
    LogTail tail = workers.tail();
    long killed = System.nanoTime();
    try {
      workers.replace(leader);
    } catch (Exception impossible) {
      throw new AssertionError(impossible);
    }
    waiting(tail, killed, heard -> next(heard, election, leader, killed) != 0);
    long next = next(tail.events(), election, leader, killed);
    log.add(Type.TAKEN_OVER, election, leader, killed, 0, next, null);
  }

  /** When another led, or 0. */
  private static long next(List<Event> heard, String election, String leader, long killed) {
    return heard.stream()
        .filter(e -> e.type() == Type.LEADS && e.key().equals(election))
        .filter(e -> e.at() - killed > 0 && !e.worker().equals(leader))
        .mapToLong(Event::until)
        .min()
        .orElse(0);
  }

  /** The latest word of a leader since then. */
  private static Optional<Event> led(List<Event> heard, String election, long since) {
    return heard.stream()
        .filter(e -> e.type() == Type.LEADS && e.key().equals(election))
        .filter(e -> e.at() - since >= 0)
        .max(Comparator.comparingLong(Event::at));
  }

  private interface Done {
    boolean with(List<Event> heard);
  }

  private static void waiting(LogTail tail, long since, Done done) {
    long last = since + LONGEST.toNanos();
    for (long ran = 0; ran < PATIENCE.toNanos() && System.nanoTime() - last < 0; ) {
      Async.pause(LOOK_EVERY);
      List<Event> heard = tail.events();
      if (done.with(heard)) {
        return;
      }
      ran = Checks.running(new History(heard), since, System.nanoTime());
    }
  }
}
