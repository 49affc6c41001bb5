package dev.conclave.backend;

/** The answer to {@link SyncBackend#acquire}. That somebody else holds the key is no error. */
public sealed interface Acquisition {

  /**
   * The token holds the lease.
   *
   * @param fencingToken unchanged when the token held the lease already, else greater than all
   *     earlier ones of this key
   */
  record Granted(long fencingToken) implements Acquisition {}

  /**
   * Another token holds the lease, or has been offered it.
   *
   * @param holder who, since when and for how long; of an offer: to whom it is made, the key's last
   *     fencing token, and {@code remaining} says when the offer lapses
   */
  record Refused(Lease holder) implements Acquisition {}

  /** Whether the token holds the lease now. */
  default boolean granted() {
    return this instanceof Granted;
  }
}
