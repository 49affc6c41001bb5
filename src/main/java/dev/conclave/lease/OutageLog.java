package dev.conclave.lease;

import static java.lang.System.Logger.Level.WARNING;

import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Scheduler;

/** One log entry per interval during an outage of the backend, and one at its end. */
public final class OutageLog {
  private final System.Logger log;
  private final String subject;
  private final SyncBackend backend;
  private final Scheduler scheduler;
  private final long interval;
  private long failures;
  private long loggedAt;
  private Throwable cause;

  /**
   * The log of one subject.
   *
   * @param interval in nanoseconds
   */
  public OutageLog(
      System.Logger log, String subject, SyncBackend backend, Scheduler scheduler, long interval) {
    this.backend = backend;
    this.log = log;
    this.subject = subject;
    this.scheduler = scheduler;
    this.interval = interval;
  }

  /** The failure of a call that had timed out before: the cause that the timeout hides. */
  public void failedLate(Throwable late) {
    cause = late;
  }

  /** A call has failed. */
  public void failed(Throwable failure) {
    long now = scheduler.nanoTime();
    if (failures++ == 0 || now - loggedAt >= interval) {
      loggedAt = now;
      log.log(
          WARNING,
          subject
              + ": the backend fails ("
              + failures
              + " in a row): "
              + (cause == null
                  ? LastCause.added(failure.getMessage(), backend)
                  : failure.getMessage() + "; last cause: " + cause.getMessage()));
    }
  }

  /** A call has succeeded. */
  public void worked() {
    if (failures > 0) {
      log.log(WARNING, subject + ": the backend is back after " + failures + " failures");
      failures = 0;
      cause = null;
    }
  }
}
