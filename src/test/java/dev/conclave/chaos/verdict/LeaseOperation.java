package dev.conclave.chaos.verdict;

/**
 * One operation on one key's lease as its caller saw it, in nanoseconds of a common clock.
 *
 * @param kind what was asked
 * @param token whose, or some name of it
 * @param duration of an acquire or extend
 * @param patience of an acquire: how long it keeps a place in line when it is refused; 0 for none
 * @param process who asked
 * @param from when it was asked
 * @param to when it was answered; {@link Long#MAX_VALUE} when it never was
 * @param outcome what was answered
 * @param fence of a grant, or of the holder that was found; 0 when unknown
 */
public record LeaseOperation(
    Kind kind,
    String token,
    long duration,
    long patience,
    String process,
    long from,
    long to,
    Outcome outcome,
    long fence) {

  public enum Kind {
    ACQUIRE,
    EXTEND,
    RELEASE,
    /** Gives up a place in line, and an offer, but never what is held. */
    LEAVE,
    /** Ends the lease of any holder. */
    REVOKE,
    /** Who holds? */
    FIND,
    /** Does this token hold? */
    OWNS
  }

  public enum Outcome {
    /** Granted, extended, released, revoked; there is a holder; it does hold. */
    YES,
    /**
     * Refused, or not the holder; without a holder; it does not hold; nothing that was held ended.
     */
    NO,
    /** No answer, or none that tells: it may have happened, at any time, or not. */
    UNKNOWN
  }

  boolean answered() {
    return to != Long.MAX_VALUE;
  }

  /** Whether it asks for the same. */
  boolean isTwinOf(LeaseOperation other) {
    return kind == other.kind && token.equals(other.token) && duration == other.duration;
  }

  /** The same with an unknown outcome. */
  LeaseOperation pending() {
    return new LeaseOperation(
        kind, token, duration, patience, process, from, Long.MAX_VALUE, Outcome.UNKNOWN, 0);
  }
}
