package dev.conclave.model.world;

import dev.conclave.backend.SyncBackend;
import dev.conclave.model.search.Fingerprint;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Processes, a store, what is on its way between them, and what may happen next. All of it is state
 * that {@link Fingerprint} reads, but for what is transient.
 *
 * <ol>
 *   <li>First it is decided whether hints arrive, and every process's clock gets its rate.
 *   <li>Then, until the horizon, any of these may happen: a message arrives; a process runs a timer
 *       that is due; something of the store's own is due. Time passes when nothing else can happen.
 *       What goes to a process arrives before anything else happens, and so do requests where the
 *       bounds do not say otherwise.
 *   <li>Instead of each of these, for one fault of the budget: the message is held back, and may
 *       arrive at any later time; the process that would act is paused, and may go on at any later
 *       time; or it crashes, unless it is the last.
 *   <li>At the horizon every message held back arrives or is lost, and all who were paused go on.
 *   <li>Then all is well for a while, and one order of things is enough.
 * </ol>
 *
 * <p>What happens on one process's thread without waiting happens in one step: no other process can
 * notice.
 */
public final class World {
  private enum Phase {
    HINTS,
    CLOCKS,
    FAULTS,
    HEALING,
    CALM,
    OVER
  }

  private static final long MILLI = 1_000_000;

  final transient Bounds bounds;
  private final transient Set<Violation.Kind> excused;
  public final List<ModelProcess> processes = new ArrayList<>();
  final Post post = new Post();
  private final ModelProcess server = new ModelProcess("the store", this);
  private final Scenario scenario;
  private final JudgedStore store;
  private Phase phase = Phase.HINTS;
  private int clocksSet;
  private int faultsLeft;
  private long now;
  private transient Violation violation;
  private final transient Consumer<String> log;

  /**
   * @param excused violations that are ignored
   * @param log receives every step, or null
   */
  public World(
      Bounds bounds,
      Scenario scenario,
      Seed seed,
      Set<Violation.Kind> excused,
      Consumer<String> log) {
    this.bounds = bounds;
    this.excused = excused;
    this.scenario = scenario;
    this.log = log;
    this.faultsLeft = bounds.faults();
    this.store = new JudgedStore(this, seed.store(server));
    for (int i = 0; i < bounds.processes(); i++) {
      processes.add(new ModelProcess("p" + (i + 1), this));
    }
    for (ModelProcess process : processes) {
      SyncBackend backend = new ModelBackend(this, process, store, seed.stampsLate());
      process.run(() -> scenario.prepare(this, process, backend));
    }
  }

  /** The store's clock, in nanoseconds. */
  long now() {
    return now;
  }

  public Violation violation() {
    return violation;
  }

  public void violated(Violation.Kind kind, String text) {
    if (violation == null && !excused.contains(kind)) {
      violation = new Violation(kind, text);
    }
  }

  /** What may happen next; nothing at the end. */
  public List<Step> steps() {
    switch (phase) {
      case HINTS:
        return List.of(
            new Step(() -> "hints arrive", () -> phase = Phase.CLOCKS),
            new Step(
                () -> "no hint ever arrives",
                () -> {
                  phase = Phase.CLOCKS;
                  post.hintsArrive = false;
                }));
      case CLOCKS:
        return clocks();
      case FAULTS:
        return branches();
      case HEALING:
        return healing();
      case CALM:
        return branches().subList(0, 1);
      default:
        return List.of();
    }
  }

  /**
   * Whether this state is worth remembering: there is a choice, or nothing to do but wait. In
   * between one thing follows from the other, and in the calm there are no choices any more.
   */
  public boolean isMilestone(List<Step> next) {
    return phase != Phase.CALM && (next.size() > 1 || next.get(0).isPause());
  }

  /** Lets it happen. */
  public void perform(Step step) {
    if (log != null) {
      log.accept(String.format("%9.3f ms  %s", now / 1e6, step.label().get()));
    }
    try {
      step.action().run();
    } catch (RuntimeException | AssertionError thrown) {
      violated(Violation.Kind.THROWN, thrown.toString());
    }
  }

  /** Looks at what has come of the last step. */
  public void check() {
    if (phase != Phase.HINTS && phase != Phase.CLOCKS) {
      scenario.check(this);
    }
  }

  public void tell(String what) {
    if (log != null) {
      log.accept("                " + what);
    }
  }

  private List<Step> clocks() {
    ModelProcess process = processes.get(clocksSet);
    List<Step> steps = new ArrayList<>();
    for (int rate : bounds.rates()) {
      steps.add(
          new Step(
              () -> process + "'s clock runs at " + rate + "/1000",
              () -> {
                process.clockRuns(rate);
                if (++clocksSet == processes.size()) {
                  phase = Phase.FAULTS;
                  processes.forEach(p -> p.run(() -> scenario.begin(this, p)));
                }
              }));
    }
    return steps;
  }

  private List<Step> branches() {
    for (Message message : post.messages()) {
      if (goesStraight(message)) {
        List<Step> steps = new ArrayList<>();
        steps.add(arrival(message));
        if (!message.isHint()) {
          addFaults(steps, message);
          if (message.to == Message.To.PROCESS) {
            addFaults(steps, message.process);
          }
        }
        return steps;
      }
    }
    List<Step> steps = new ArrayList<>();
    for (ModelProcess process : processes) {
      if (process.isDue()) {
        steps.add(new Step(() -> process + " runs a timer", process::runTimer));
        addFaults(steps, process);
      }
    }
    if (server.isDue()) {
      steps.add(new Step(() -> "the store runs a timer", server::runTimer));
    }
    for (Message message : post.messages()) {
      if (message.to == Message.To.STORE && !message.held) {
        steps.add(arrival(message));
        addFaults(steps, message);
      }
    }
    if (steps.isEmpty()) {
      steps.add(new Step(() -> "time passes", this::pass, true));
    }
    for (Message message : post.messages()) {
      if (message.held && message.canArrive()) {
        steps.add(arrival(message));
      }
    }
    for (ModelProcess process : processes) {
      if (process.paused) {
        steps.add(new Step(() -> process + " goes on", () -> process.paused = false));
      }
    }
    return steps;
  }

  private boolean goesStraight(Message message) {
    return !message.held
        && message.canArrive()
        && (message.to == Message.To.PROCESS || !bounds.anyOrder());
  }

  private Step arrival(Message message) {
    return new Step(() -> "arrives: " + message, () -> arrive(message));
  }

  private void addFaults(List<Step> steps, Message message) {
    if (mayFail()) {
      steps.add(fault(() -> "is held back: " + message, () -> message.held = true));
    }
  }

  private void addFaults(List<Step> steps, ModelProcess process) {
    if (mayFail()) {
      steps.add(fault(() -> process + " is paused", () -> process.paused = true));
      if (processes.stream().filter(p -> !p.crashed).count() > 1) {
        steps.add(fault(() -> process + " crashes", () -> crash(process)));
      }
    }
  }

  private boolean mayFail() {
    return phase == Phase.FAULTS && faultsLeft > 0;
  }

  private Step fault(Supplier<String> label, Runnable action) {
    return new Step(
        label,
        () -> {
          faultsLeft--;
          action.run();
        });
  }

  private void arrive(Message message) {
    post.remove(message);
    ModelProcess where = message.to == Message.To.STORE ? server : message.process;
    where.run(message.arrival);
  }

  private void crash(ModelProcess process) {
    process.crash();
    post.crashed(process);
  }

  private void pass() {
    processes.stream().filter(ModelProcess::acts).forEach(ModelProcess::checkExpected);
    long end = (phase == Phase.FAULTS ? bounds.horizon() : bounds.horizon() + scenario.calm());
    long next = server.nextTimer(end * MILLI);
    for (ModelProcess process : processes) {
      next = process.nextTimer(next);
    }
    if (post.isHolding() || processes.stream().anyMatch(p -> p.paused)) {
      long tick = bounds.tick() * MILLI;
      next = Math.min(next, (now / tick + 1) * tick);
      next = store.nextExpiry(next);
    }
    now = next;
    if (now >= end * MILLI) {
      if (phase == Phase.FAULTS) {
        phase = Phase.HEALING;
      } else {
        phase = Phase.OVER;
        scenario.finish(this);
      }
    }
  }

  private List<Step> healing() {
    for (Message message : post.messages()) {
      if (message.held) {
        return List.of(
            new Step(() -> "no longer held back: " + message, () -> message.held = false),
            new Step(() -> "is lost: " + message, () -> post.remove(message)));
      }
    }
    return List.of(
        new Step(
            () -> "the faults are over",
            () -> {
              processes.forEach(p -> p.paused = false);
              post.hintsArrive = true;
              phase = Phase.CALM;
              processes.stream()
                  .filter(p -> !p.crashed)
                  .forEach(p -> p.run(() -> scenario.heal(this, p)));
            },
            true));
  }
}
