package dev.conclave.chaos;

import dev.conclave.chaos.Event.Type;
import dev.conclave.election.LeaderElection;
import dev.conclave.lock.LockHandle;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks handles and elections every few milliseconds, on a thread of its own, whether they hold and
 * lead, and logs what they say. A clock is read before the question: what a handle says is true of
 * that moment then, or of a later one, whatever happens to this thread in between.
 */
final class Claims {
  private static final long EVERY = 4_000_000;
  private static final long TELL_EVERY = 50_000_000;

  private static final class Held {
    private final String key;
    private final LockHandle handle;
    private long until = Long.MIN_VALUE;

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
  private final Map<String, Held> handles = new ConcurrentHashMap<>();
  private final List<Led> elections = new CopyOnWriteArrayList<>();
  private volatile boolean stopped;

  Claims(EventLog log, String worker) {
    this.log = log;
    this.worker = worker;
    Thread thread = new Thread(this::run, "claims");
    thread.setDaemon(true);
    thread.start();
  }

  void hold(String id, String key, LockHandle handle) {
    Held held = new Held(key, handle);
    handles.put(id, held);
    sample(id, held);
  }

  /** Before the handle is released, or when it has said that it is lost. */
  void end(String id, String how) {
    Held held = handles.remove(id);
    if (held != null) {
      log.add(Type.END, held.key, id, System.nanoTime(), held.handle.fencingToken(), 0, how);
    }
  }

  void lead(LeaderElection election) {
    elections.add(new Led(election));
  }

  void stop() {
    stopped = true;
  }

  private void run() {
    while (!stopped) {
      handles.forEach(this::sample);
      elections.forEach(this::sample);
      LockSupport.parkNanos(EVERY);
    }
  }

  private void sample(String id, Held held) {
    synchronized (held) {
      long now = System.nanoTime();
      long until = now + held.handle.remaining().toNanos();
      boolean longer = until - held.until > 1_000_000 || held.until == Long.MIN_VALUE;
      if (until > now && longer) {
        held.until = until;
        log.add(Type.CLAIM, held.key, id, now, held.handle.fencingToken(), until, null);
      }
    }
  }

  private void sample(Led led) {
    long before = System.nanoTime();
    OptionalLong fence = led.election.fencingToken();
    boolean leads = led.election.isLeader();
    OptionalLong still = led.election.fencingToken();
    long after = System.nanoTime();
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
