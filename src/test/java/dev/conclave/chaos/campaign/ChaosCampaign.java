package dev.conclave.chaos.campaign;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultTrack;
import dev.conclave.chaos.store.ChaosStore;
import dev.conclave.chaos.store.NetworkFaults;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.History;
import dev.conclave.chaos.verdict.Labels;
import dev.conclave.chaos.verdict.Verdict;
import dev.conclave.chaos.worker.FencedRegister;
import dev.conclave.chaos.worker.WorkerConfig;
import dev.conclave.testing.WallClock;
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
 *   <li>After about a minute heals everything, checks whether a worker leads again and whether
 *       another does when that one is killed ({@link Recovery}), and begins the next round.
 *   <li>In the end stops the workers and judges what all of them have logged.
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
   * @param spared workers that are never killed: the first ones
   * @param leaking workers that leave something behind on purpose: the first of the spared
   */
  record Size(
      int workers, int elections, int held, int clients, int leases, int spared, int leaking) {}

  /** About how long a round lasts, and how much of it is without faults, at its end. */
  private static final Duration ROUND = Duration.ofMinutes(1);

  private static final Duration CALM = Duration.ofSeconds(6);

  private final ChaosStore store;
  private final Duration length;
  private final long seed;
  private final Path folder;
  private Size size = new Size(WORKERS, 2, 0, 4, 2, 0, 0);
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
    Path own = folder.resolve(Labels.HARNESS);
    try (EventLog log = new EventLog(Labels.HARNESS, own);
        FencedRegister register = new FencedRegister(log);
        Workers workers =
            new Workers(
                size.workers, folder, (slot, file) -> config(slot, file, register, random));
        EpochWatch epochs = new EpochWatch(store, log)) {
      List<FaultTrack> tracks = tracks(workers, log, random);
      Recovery recovery = new Recovery(workers, log, elections(), size.spared);
      long rounds = Math.max(1, length.dividedBy(ROUND));
      Duration each = length.dividedBy(rounds);
      Duration tormented = rounds == 1 ? each : each.minus(CALM);
      for (long round = 0; round < rounds; round++) {
        long end = System.nanoTime() + tormented.toNanos();
        CompletableFuture.allOf(
                tracks.stream().map(track -> track.run(end)).toArray(CompletableFuture[]::new))
            .join();
        recovery.await();
      }
      workers.stop();
      epochs.close();
      store.writes(log);
      List<Event> events = new ArrayList<>(EventLog.read(own));
      events.addAll(workers.events());
      usage = events.stream().filter(e -> e.type() == Type.USES).toList();
      Verdict verdict =
          new Verdict(
              new History(events),
              new Verdict.Terms(elections(), store::lease, store.refusedLate(), System.nanoTime()));
      workers.complaints().forEach(verdict::violation);
      System.out.println(verdict.figures(store.name(), seed, length));
      verdict.violations().forEach(v -> System.out.println("  VIOLATION " + v));
      return verdict.violations();
    }
  }

  private List<FaultTrack> tracks(Workers workers, EventLog log, Random random) {
    List<Fault> network = new NetworkFaults(store).faults();
    List<FaultTrack> tracks = new ArrayList<>();
    if (store.forgetsWhenCut()) {
      List<Fault> both = new ArrayList<>(network);
      both.addAll(store.faults());
      tracks.add(new FaultTrack(both, log, random.nextLong()));
    } else {
      tracks.add(new FaultTrack(network, log, random.nextLong()));
      tracks.add(new FaultTrack(store.faults(), log, random.nextLong()));
    }
    tracks.add(new FaultTrack(workers.faults(size.spared), null, random.nextLong()));
    return tracks;
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
        size.held,
        slot < size.leaking);
  }
}
