package dev.conclave.election;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A worker's view of its election: one immutable value, so that any thread reads a consistent one.
 *
 * @param term this worker's leadership, or null
 * @param leader the label of the leader, or null when none is known
 * @param fencingToken of the leadership seen last, 0 when none was
 */
record View(Term term, String leader, long fencingToken) {
  static final View UNKNOWN = new View(null, null, 0);

  boolean isLeading(long now) {
    return term != null && term.isValid(now);
  }

  /**
   * One leadership of this worker, from its election to its end.
   *
   * <p>It is valid until a moment on the monotonic clock, which each successful renewal moves
   * forward. The term is over once any thread finds that this moment has passed, or ends the term.
   * After that, no renewal revives it. The moment is one atomic number, so readers on any thread
   * agree.
   */
  static final class Term {
    private static final long OVER = Long.MIN_VALUE;

    private final String token;
    private final long fencingToken;
    private final long validity;
    private final AtomicLong until;

    /**
     * @param sentAt when the request that was granted was sent
     * @param validity how long a grant or a renewal is valid, from its sending
     */
    Term(String token, long fencingToken, long sentAt, long validity) {
      this.token = token;
      this.fencingToken = fencingToken;
      this.validity = validity;
      this.until = new AtomicLong(sentAt + validity);
    }

    String token() {
      return token;
    }

    long fencingToken() {
      return fencingToken;
    }

    /** Whether the term lasts at this moment. */
    boolean isValid(long now) {
      for (long end = until.get(); end != OVER; end = until.get()) {
        if (now - end < 0) {
          return true;
        }
        if (until.compareAndSet(end, OVER)) {
          return false;
        }
      }
      return false;
    }

    /** Whether the term lasts and its last successful renewal was sent within this time. */
    boolean isConfirmed(long now, long within) {
      long end = until.get();
      return isValid(now) && now - (end - validity) <= within;
    }

    /** Counts a renewal; false when the term is over. */
    boolean renew(long sentAt) {
      long end = until.get();
      return end != OVER && until.compareAndSet(end, sentAt + validity);
    }

    /** How long the term lasts unless it is renewed. */
    long left(long now) {
      long end = until.get();
      return end == OVER ? 0 : end - now;
    }

    void end() {
      until.set(OVER);
    }
  }
}
