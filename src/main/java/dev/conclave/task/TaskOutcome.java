package dev.conclave.task;

/** The outcome of a run, or of the attempt to begin one. */
public enum TaskOutcome {
  /** The body succeeded, and what it had to hold was held until its end. */
  SUCCESS,
  /** The body failed; with retries, the last attempt failed. */
  ERROR,
  /** It did not run here: this worker does not lead, or stopped leading before the body began. */
  SKIPPED_NOT_LEADER,
  /** It did not run here: a lock is held by another client, or another machine has run the tick. */
  SKIPPED_LOCKED,
  /**
   * It did not run here: the tick lies far ahead of the store's clock, so the wall clock of this
   * machine or of the store is wrong.
   */
  SKIPPED_CLOCK,
  /**
   * A tick has passed without a run: because of a run that took longer, of a body that was still
   * running after its run, or of the misfire grace.
   */
  MISSED,
  /** The body took longer than its timeout. */
  TIMEOUT,
  /** Leadership or a lock was lost while the body ran, or the manager stopped before its end. */
  LOST,
  /** It did not run: the backend could not be reached. */
  BACKEND_ERROR;

  /** Whether the body has begun. */
  public boolean ran() {
    return this == SUCCESS || this == ERROR || this == TIMEOUT || this == LOST;
  }
}
