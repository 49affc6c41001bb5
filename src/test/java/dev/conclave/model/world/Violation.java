package dev.conclave.model.world;

/** A property that did not hold in a state that was reached. */
public record Violation(Kind kind, String text) {

  /** Which property. */
  public enum Kind {
    /** Two lead, or two handles of one lock are valid, at one instant. */
    TWO_HOLDERS,
    /** A new holding has no greater fencing token than one before it. */
    FENCE_NOT_GREATER,
    /** The store extended a lease that was not live, or not the token's. */
    EXTEND_ACQUIRED,
    /** The store extended a lease after it was released with the same token. */
    RENEWED_AFTER_RELEASE,
    /** The store ended a lease for a process that did not hold it. */
    RELEASED_FOR_A_STRANGER,
    /** A leadership began twice, or ended twice, or ended without a beginning. */
    EVENTS_OUT_OF_ORDER,
    /** A handle was valid again after it was released or lost. */
    VALID_AGAIN,
    /** A future was not complete at its deadline. */
    LATE,
    /** The faults were over for long and no process led, or a waiter did not get the lock. */
    NOT_SERVED,
    /** Something was thrown. */
    THROWN
  }

  @Override
  public String toString() {
    return kind + ": " + text;
  }
}
