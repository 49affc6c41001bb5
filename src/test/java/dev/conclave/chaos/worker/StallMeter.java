package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import io.vertx.core.Vertx;
import java.util.concurrent.locks.LockSupport;

/** Logs when the process or its event loop did not run: what is late then is not a violation. */
final class StallMeter {
  private static final long EVERY_MILLIS = 20;

  /** What takes less is not logged: on a machine with too much to do, many such add up. */
  private static final long STALL = 40_000_000;

  private final EventLog log;
  private long loopRan = System.nanoTime();

  StallMeter(Vertx vertx, EventLog log) {
    this.log = log;
    vertx.setPeriodic(EVERY_MILLIS, id -> loopRan = ran(loopRan, "event loop"));
    Thread thread = new Thread(this::run, "stalls");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    for (long ran = System.nanoTime(); ; ran = ran(ran, "process")) {
      LockSupport.parkNanos(EVERY_MILLIS * 1_000_000);
    }
  }

  private long ran(long before, String what) {
    long now = System.nanoTime();
    if (now - before > STALL) {
      log.add(Type.STALL, what, "", before, 0, now, null);
    }
    return now;
  }
}
