package dev.conclave.backend.support;

/**
 * How requests of one key affect one another.
 *
 * @param <Q> the type of a request
 */
public interface KeyRules<Q> {

  /** How a request affects others of its key. */
  public enum Rank {
    /** Keeps a holding and changes nothing for others. */
    RENEWAL,
    /** Changes something. */
    CHANGE,
    /** Changes nothing. */
    READ
  }

  /**
   * The key of a request. Two requests of one key are never under way at once, unless both are
   * reads.
   */
  Object key(Q request);

  /** How the request affects others of its key. */
  default Rank rank(Q request) {
    return Rank.CHANGE;
  }

  /** The holder whose holding a renewal or a change affects; null if it may affect any holder. */
  default Object holder(Q request) {
    return null;
  }

  /** What a read requests: reads with equal questions share one result. */
  default Object question(Q request) {
    return request;
  }
}
