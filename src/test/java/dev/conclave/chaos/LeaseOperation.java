package dev.conclave.chaos;

/**
 * One operation on one key's lease as its caller saw it, in nanoseconds of a common clock.
 *
 * @param kind what was asked
 * @param token whose
 * @param duration of an acquire or extend
 * @param from when it was asked
 * @param to when it was answered; {@link Long#MAX_VALUE} when it never was
 * @param outcome what was answered
 * @param fence of a grant
 */
record LeaseOperation(
    Kind kind, String token, long duration, long from, long to, Outcome outcome, long fence) {

  enum Kind {
    ACQUIRE,
    EXTEND,
    RELEASE
  }

  enum Outcome {
    /** Granted, extended, released. */
    YES,
    /** Refused, or not the holder. */
    NO,
    /** No answer: it may have happened, at any time, or not. */
    UNKNOWN
  }
}
