package dev.conclave.backend.support;

/**
 * How requests of one key affect one another.
 *
 * @param <Q> what is asked
 */
public interface KeyRules<Q> {

  /** What a request does to others of its key. */
  public enum Rank {
    /** Keeps a holding and changes nothing for others. */
    RENEWAL,
    /** Changes something. */
    CHANGE,
    /** Changes nothing. */
    READ
  }

  /** What no two requests under way may have in common, reads aside. */
  Object key(Q request);

  /** What it does to others of its key. */
  default Rank rank(Q request) {
    return Rank.CHANGE;
  }

  /** Whose holding a renewal or a change is about; null when it may be any holder's. */
  default Object holder(Q request) {
    return null;
  }

  /** What a read asks: equal questions get one answer. */
  default Object question(Q request) {
    return request;
  }
}
