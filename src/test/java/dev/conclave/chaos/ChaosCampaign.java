package dev.conclave.chaos;

import dev.conclave.chaos.Event.Type;
import dev.conclave.testing.Async;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Workers, a store, and everything that can go wrong between them, at random from a seed.
 *
 * <ol>
 *   <li>Starts the workers, who work as hard as they can all the time.
 *   <li>On tracks side by side (processes, network, store) draws a fault, injects it, lets it last,
 *       heals it, and draws the next. The seed fixes each track's faults and how long they last.
 *   <li>Heals everything, gives liveness the time it is promised, and stops the workers.
 *   <li>Before they stop, kills a leader while all else is well.
 *   <li>Judges what all of them have logged.
 * </ol>
 */
final class ChaosCampaign {
  static final int WORKERS = 3;

  /**
   * How much goes on.
   *
   * @param held locks that every worker holds all the time
   * @param clients lock clients of every worker
   * @param leases lease clients of every worker
   * @param spared workers that are never killed
   */
  record Size(int workers, int elections, int held, int clients, int leases, int spared) {}

  /** What is promised after the last fault, and what a busy machine adds. */
  private static final Duration LEADER_AGAIN =
      ElectionClient.LEASE.plus(ElectionClient.RETRY).plusSeconds(1).plusSeconds(1);

  private final ChaosStore store;
  private final Duration length;
  private final long seed;
  private final Path folder;
  private Size size = new Size(WORKERS, 2, 0, 4, 2, 0);
  private List<Event> usage = List.of();

  ChaosCampaign(ChaosStore store, Duration length, long seed, Path folder) {
    this.store = store;
    this.length = length;
    this.seed = seed;
    this.folder = folder;
  }

  /** The same with more or less going on. */
  ChaosCampaign sized(Size other) {
    size = other;
    return this;
  }

  /** What the workers have used. */
  List<Event> usage() {
    return usage;
  }

  /** The seed that is asked for, or any. */
  static long seed() {
    return Long.getLong("chaos.seed", System.nanoTime() & 0xffff_ffffL);
  }

  /** Runs it, prints its figures, and answers with the violations. */
  List<String> run() {
    System.out.println(
        "Chaos on "
            + store.name()
            + " begins; to replay: -Dchaos.seed="
            + seed
            + (WallClock.canShift()
                ? "; wall clocks of workers are wrong by 0 and ±1 h, and move by 1 h"
                : ""));
    Random random = new Random(seed);
    Path own = folder.resolve("harness");
    try (EventLog log = new EventLog("harness", own);
        FencedRegister register = new FencedRegister(log);
        Workers workers =
            new Workers(WORKERS, folder, (slot, file) -> config(slot, file, register, random));
        EpochWatch epochs = new EpochWatch(store, log)) {
      long end = System.nanoTime() + length.toNanos();
      List<CompletableFuture<Void>> tracks = new ArrayList<>();
      List<Fault> network = new NetworkFaults(store).faults();
      if (store.forgetsWhenCut()) {
        List<Fault> both = new ArrayList<>(network);
        both.addAll(store.faults());
        tracks.add(track(both, log, random.nextLong(), end));
      } else {
        tracks.add(track(network, log, random.nextLong(), end));
        tracks.add(track(store.faults(), log, random.nextLong(), end));
      }
      tracks.add(track(workers.faults(size.spared), null, random.nextLong(), end));
      CompletableFuture.allOf(tracks.toArray(CompletableFuture[]::new)).join();
      Duration healing = LEADER_AGAIN.plus(store.reconnecting());
      awaitLeaders(workers, log, healing);
      takeOver(workers, log, healing);
      workers.stop();
      epochs.close();
      store.writes(log);
      List<Event> events = new ArrayList<>(EventLog.read(own));
      events.addAll(workers.events());
      usage = events.stream().filter(e -> e.type() == Type.USES).toList();
      Verdict verdict =
          new Verdict(
              new History(events), elections(), workers.killed(), store.lateExpiry(), healing);
      workers.complaints().forEach(verdict::violation);
      System.out.println(verdict.figures(store.name(), seed, length));
      verdict.violations().forEach(v -> System.out.println("  VIOLATION " + v));
      return verdict.violations();
    }
  }

  /** Nobody waits for longer than is promised; whether it was kept is judged in the end. */
  private void awaitLeaders(Workers workers, EventLog log, Duration patience) {
    long healed = System.nanoTime();
    log.add(Type.HEALED, "", "", healed, 0, 0, null);
    Event mark = new Event("", Type.HEALED, "", "", healed, 0, 0, null);
    for (boolean led = false; !led && System.nanoTime() - healed < patience.toNanos(); ) {
      Async.pause(Duration.ofMillis(300));
      List<Event> events = workers.events();
      events.add(mark);
      led = Checks.someLeader(new History(events), elections(), patience).isEmpty();
    }
    Async.pause(Duration.ofSeconds(1));
  }

  private static void takeOver(Workers workers, EventLog log, Duration patience) {
    String election = "election-0";
    String leader = workers.leaderOf(election);
    if (leader == null) {
      return; // a violation already
    }
    long killed = System.nanoTime();
    try {
      workers.replace(leader);
    } catch (Exception impossible) {
      throw new AssertionError(impossible);
    }
    long next = 0;
    long last = killed + Duration.ofMinutes(1).toNanos();
    for (long ran = 0; next == 0 && ran < patience.toNanos() && System.nanoTime() - last < 0; ) {
      Async.pause(Duration.ofMillis(300));
      List<Event> events = workers.events();
      ran = Checks.running(new History(events), killed, System.nanoTime());
      next =
          events.stream()
              .filter(e -> e.type() == Type.LEADS && e.key().equals(election))
              .filter(e -> e.at() - killed > 0 && !e.worker().equals(leader))
              .mapToLong(Event::until)
              .min()
              .orElse(0);
    }
    log.add(Type.TAKEN_OVER, election, leader, killed, 0, next, null);
  }

  private List<String> elections() {
    return IntStream.range(0, size.elections).mapToObj(i -> "election-" + i).toList();
  }

  private WorkerConfig config(int slot, Path file, FencedRegister register, Random random) {
    return new WorkerConfig(
        file.getFileName().toString(),
        file.toString(),
        random.nextLong(),
        store.backend(slot),
        register.port(),
        store.table(),
        4,
        size.clients,
        size.leases,
        size.elections,
        size.held);
  }

  private CompletableFuture<Void> track(List<Fault> faults, EventLog log, long seed, long end) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                torment(new FaultTrack(faults, seed), log, end);
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

  private static void torment(FaultTrack track, EventLog log, long end) throws Exception {
    while (System.nanoTime() - end < 0) {
      FaultTrack.Step step = track.next();
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
