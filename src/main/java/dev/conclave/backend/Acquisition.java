package dev.conclave.backend;

/** The outcome of {@link SyncBackend#acquire}. A key that another token holds is not an error. */
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
   * @param holder the holder's lease; for an offer: the owner it is made to, the key's last fencing
   *     token, and in {@code remaining} the time until the offer lapses
   */
  record Refused(Lease holder) implements Acquisition {}

  /** Whether the token holds the lease now. */
  default boolean granted() {
    return this instanceof Granted;
  }
}
