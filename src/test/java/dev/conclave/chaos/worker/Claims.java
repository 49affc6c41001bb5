package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.election.LeaderElection;
import dev.conclave.lock.LockHandle;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Asks handles and elections every few milliseconds, on a thread of its own, whether they hold and
 * lead, and logs what they say.
 *
 * <ol>
 *   <li>A clock is read before and after every question: the answer was true at some instant
 *       between, whatever happens to this thread.
 *   <li>{@code remaining()} is asked first, then {@code isValid()}: a handle that is valid has
 *       reported an end that is not over.
 *   <li>Logged are the first answer, every other answer, the last one before it, and the same one
 *       again now and then; and an end when it is another.
 *   <li>A handle that was released or lost is asked for some time more: it must not come back.
 * </ol>
 */
final class Claims {
  private static final long EVERY = 4_000_000;
  private static final long TELL_EVERY = 50_000_000;

  /** How long a handle is asked after its end. */
  static final long AFTERWARDS = 1_000_000_000;

  private static final class Held {
    private final String key;
    private final LockHandle handle;
    private long earliest = Long.MIN_VALUE;
    private long latest = Long.MIN_VALUE;
    private Boolean said;
    private long from;
    private long to;
    private long told;
    private long ended;
    private boolean over;

    private Held(String key, LockHandle handle) {
      this.key = key;
      this.handle = handle;
    }
  }

  private static final class Led {
    private final LeaderElection election;
    private long term;
    private long from;
    private long to;
    private long told;

    private Led(LeaderElection election) {
      this.election = election;
    }
  }

  private final EventLog log;
  private final String worker;
  private final LongSupplier clock;
  private final Map<String, Held> handles = new ConcurrentHashMap<>();
  private final List<Led> elections = new CopyOnWriteArrayList<>();
  private volatile boolean stopped;

  Claims(EventLog log, String worker, LongSupplier clock) {
    this.log = log;
    this.worker = worker;
    this.clock = clock;
  }

  /** Asks from now on until it is stopped. */
  void start() {
    Thread thread =
        new Thread(
            () -> {
              while (!stopped) {
                ask();
                LockSupport.parkNanos(EVERY);
              }
            },
            "claims");
    thread.setDaemon(true);
    thread.start();
  }

  /** Asks all of them once. */
  void ask() {
    handles.forEach(this::sample);
    elections.forEach(this::sample);
  }

  void hold(String id, String key, LockHandle handle) {
    Held held = new Held(key, handle);
    handles.put(id, held);
    sample(id, held);
  }

  /** Before the handle is released, or when it has said that it is lost. */
  void end(String id, String how) {
    Held held = handles.get(id);
    if (held == null) {
      return; // it ended so long ago that it is no longer polled
    }
    synchronized (held) {
      if (!held.over) {
        held.over = true;
        held.ended = clock.getAsLong();
        log.add(Type.END, held.key, id, held.ended, held.handle.fencingToken(), 0, how);
      }
    }
  }

  void lead(LeaderElection election) {
    elections.add(new Led(election));
  }

  void stop() {
    stopped = true;
  }

  private void sample(String id, Held held) {
    synchronized (held) {
      long before = clock.getAsLong();
      long remaining = held.handle.remaining().toNanos();
      long from = clock.getAsLong();
      boolean valid = held.handle.isValid();
      long to = clock.getAsLong();
      if (remaining > 0) {
        claim(id, held, before, before + remaining, from + remaining);
      }
      if (held.said == null || held.said != valid) {
        if (held.said != null && held.told != held.to) {
          say(id, held);
        }
        held.told = Long.MIN_VALUE;
      }
      held.said = valid;
      held.from = from;
      held.to = to;
      if (held.told == Long.MIN_VALUE || valid && to - held.told > TELL_EVERY) {
        say(id, held);
      }
      if (held.over && to - held.ended > AFTERWARDS) {
        handles.remove(id);
      }
    }
  }

  private void claim(String id, Held held, long at, long earliest, long latest) {
    boolean known =
        held.earliest != Long.MIN_VALUE
            && earliest - held.earliest <= Limits.SAME_END
            && latest - held.latest <= Limits.SAME_END
            && (held.said == null || held.said);
    if (!known) {
      held.earliest = earliest;
      held.latest = latest;
      long fence = held.handle.fencingToken();
      log.add(Type.CLAIM, held.key, id, at, fence, earliest, Long.toString(latest));
    }
  }

  private void say(String id, Held held) {
    held.told = held.to;
    Type what = held.said ? Type.VALID : Type.INVALID;
    log.add(what, held.key, id, held.from, held.handle.fencingToken(), held.to, null);
  }

  private void sample(Led led) {
    long before = clock.getAsLong();
    OptionalLong fence = led.election.fencingToken();
    boolean leads = led.election.isLeader();
    OptionalLong still = led.election.fencingToken();
    long after = clock.getAsLong();
    // The same term before and after, or it is not known which term the answer was about.
    boolean known = leads && fence.isPresent() && fence.equals(still);
    if (led.term != 0 && (!known || led.term != fence.getAsLong())) {
      tell(led);
      led.term = 0;
    }
    if (!known) {
      return;
    }
    led.from = before;
    led.to = after;
    if (led.term == 0) {
      led.term = fence.getAsLong();
      tell(led);
    } else if (after - led.told > TELL_EVERY) {
      tell(led);
    }
  }

  private void tell(Led led) {
    led.told = led.to;
    String id = worker + "/" + led.election.worker() + "/" + led.term;
    log.add(Type.LEADS, led.election.election(), id, led.from, led.term, led.to, null);
  }
}
