package dev.conclave.election;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What a worker knows of its election: one immutable value, so that any thread reads a whole one.
 *
 * @param term this worker's leadership, or null
 * @param leader the label of who leads, or null when nobody is known to
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
   * <p>Its validity is a moment on the monotonic clock that each good renewal moves forward, until
   * somebody finds it passed or ends it: from then on the term is over for everybody and no renewal
   * brings it back. One atomic number makes that so for readers on any thread.
   */
  static final class Term {
    private static final long OVER = Long.MIN_VALUE;

    private final String token;
    private final long fencingToken;
    private final long validity;
    private final AtomicLong until;

    /**
     * @param sentAt when the request that was granted was sent
     * @param validity for how long a grant or a renewal counts from its sending
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

    /** Whether the term goes on at this moment. */
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

    /** Whether the term goes on and its last good renewal was sent at most so long ago. */
    boolean isConfirmed(long now, long within) {
      long end = until.get();
      return isValid(now) && now - (end - validity) <= within;
    }

    /** Counts a renewal; false when the term is over. */
    boolean renew(long sentAt) {
      long end = until.get();
      return end != OVER && until.compareAndSet(end, sentAt + validity);
    }

    /** How long the term goes on unless it is renewed. */
    long left(long now) {
      long end = until.get();
      return end == OVER ? 0 : end - now;
    }

    void end() {
      until.set(OVER);
    }
  }
}
