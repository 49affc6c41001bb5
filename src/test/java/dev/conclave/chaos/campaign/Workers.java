package dev.conclave.chaos.campaign;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.worker.ChaosWorker;
import dev.conclave.chaos.worker.WorkerCommands;
import dev.conclave.chaos.worker.WorkerConfig;
import dev.conclave.testing.LaunchedProcess;
import dev.conclave.testing.WallClock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/** The processes of a campaign: started, killed, paused, and started again under a new name. */
final class Workers implements AutoCloseable {
  /** One process; what a slot of the campaign runs changes when it is killed. */
  private record Running(
      String name, LaunchedProcess process, Path log, WallClock clock, int wrong) {}

  private static final Pattern BAD =
      Pattern.compile("Unhandled exception|Exception in thread|did not stop in time|OutOfMemory");

  private static final int CONTEXT = 12;
  private static final int HOUR = 3_600;

  private final Path folder;
  private final BiFunction<Integer, Path, WorkerConfig> configs;
  private final List<Running> running = new ArrayList<>();
  private final List<Running> all = new ArrayList<>();
  private final List<Event> victims = new ArrayList<>();

  /**
   * Starts so many.
   *
   * @param configs makes the configuration of a slot that logs to a file; the file's name is the
   *     worker's
   */
  Workers(int count, Path folder, BiFunction<Integer, Path, WorkerConfig> configs) {
    this.folder = folder;
    this.configs = configs;
    for (int slot = 0; slot < count; slot++) {
      running.add(start(slot));
    }
    running.forEach(worker -> worker.process.await(ChaosWorker.READY));
  }

  private Running start(int slot) {
    String name = "w" + slot + "." + all.size();
    Path file = folder.resolve(name);
    WorkerConfig config = configs.apply(slot, file);
    int wrong = List.of(0, HOUR, -HOUR).get(all.size() % 3);
    WallClock clock = new WallClock(folder.resolve(name + ".clock"), wrong);
    LaunchedProcess process =
        LaunchedProcess.java(
            clock.environment(),
            "-cp",
            ClassPath.ofWorkers(),
            ChaosWorker.class.getName(),
            config.toJson().encode());
    Running started = new Running(name, process, file, clock, wrong);
    all.add(started);
    return started;
  }

  /** What befalls processes; the first so many are never killed. */
  List<Fault> faults(int spared) {
    return List.of(
        Fault.durable("SIGKILL", random -> kill(spared + random.nextInt(running.size() - spared))),
        Fault.durable("SIGSTOP", random -> pause(random.nextInt(running.size()))),
        Fault.durable("SIGSTOP", random -> pause(random.nextInt(running.size()))),
        Fault.durable("blocked event loop", random -> block(random.nextInt(running.size()))),
        Fault.durable(
            "wall clock moved",
            random -> move(random.nextInt(running.size()), random.nextBoolean() ? HOUR : -HOUR)));
  }

  private Fault.Healing kill(int slot) {
    Running victim = running.get(slot);
    long from = System.nanoTime();
    victim.process.close();
    return () -> {
      running.set(slot, start(slot));
      logVictim("SIGKILL", victim, from);
    };
  }

  private Fault.Healing pause(int slot) {
    Running victim = running.get(slot);
    long from = System.nanoTime();
    victim.process.signal("STOP");
    return () -> {
      victim.process.signal("CONT");
      logVictim("SIGSTOP", victim, from);
    };
  }

  /** The worker logs the fault itself. */
  private Fault.Healing block(int slot) {
    Running victim = running.get(slot);
    victim.process.send(WorkerCommands.BLOCK);
    return () -> victim.process.send(WorkerCommands.UNBLOCK);
  }

  private Fault.Healing move(int slot, int seconds) {
    Running victim = running.get(slot);
    long from = System.nanoTime();
    victim.clock.shift(victim.wrong + seconds);
    return () -> {
      victim.clock.shift(victim.wrong);
      logVictim("wall clock moved", victim, from);
    };
  }

  /** The fault is the victim's, so that its take-over differs from others. */
  private void logVictim(String what, Running victim, long from) {
    victims.add(
        new Event(victim.name, Event.Type.FAULT, "worker", "", from, 0, System.nanoTime(), what));
  }

  /** What workers log from now on. */
  LogTail tail() {
    return new LogTail(() -> all.stream().map(Running::log).toList());
  }

  /** Whether it is one of the first so many. */
  boolean isSpared(String name, int spared) {
    return running.subList(0, spared).stream().anyMatch(worker -> worker.name.equals(name));
  }

  /** Kills it, and another takes its place. */
  void replace(String name) throws Exception {
    for (int slot = 0; slot < running.size(); slot++) {
      if (running.get(slot).name.equals(name)) {
        kill(slot).heal();
      }
    }
  }

  /** Asks all of them to end and waits until they have. */
  void stop() {
    running.forEach(worker -> worker.process.terminate());
    running.forEach(worker -> worker.process.awaitExit());
  }

  List<Event> events() {
    List<Event> events = new ArrayList<>(victims);
    all.stream()
        .filter(w -> w.log.toFile().exists())
        .forEach(w -> events.addAll(EventLog.read(w.log)));
    return events;
  }

  /** What no worker should have said, with the lines that follow it; each kind once. */
  List<String> complaints() {
    Map<String, String> kinds = new LinkedHashMap<>();
    for (Running worker : all) {
      List<String> lines = worker.process.output().lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        if (BAD.matcher(lines.get(i)).find()) {
          List<String> more = lines.subList(i, Math.min(i + CONTEXT, lines.size()));
          String kind = String.join(" ", more.subList(0, Math.min(3, more.size())));
          kinds.putIfAbsent(kind, worker.name + " said: " + String.join("\n    ", more));
        }
      }
    }
    return List.copyOf(kinds.values());
  }

  @Override
  public void close() {
    all.forEach(worker -> worker.process.close());
  }
}
