package dev.conclave.election;

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
}
