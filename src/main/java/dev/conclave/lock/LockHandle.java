package dev.conclave.lock;

import io.vertx.core.Future;
import java.time.Duration;

/**
 * A lock that is held, until it is released or lost. It may be used from any thread.
 *
 * <p>It ends once: by {@link #release()}, or by being <b>lost</b>, which is when its validity on
 * this process's clock is over without a renewal, when a renewal finds that the lease is gone, or
 * when {@code maxHold} is reached.
 */
public interface LockHandle {

  /** The lock's name. */
  String name();

  /**
   * The number of this holding, greater than that of every earlier one. Let the protected resource
   * refuse numbers smaller than the greatest it has seen: that also stops a holder that was paused.
   */
  long fencingToken();

  /**
   * True only if the lock is certainly still held. Compares clocks at every call, so it is right
   * even when the event loop was blocked or the process was paused before the call.
   */
  boolean isValid();

  /** How long {@link #isValid()} stays true without a renewal; zero when it is not. */
  Duration remaining();

  /**
   * Runs the handler once when the lock is lost: at the moment its validity ends here, not at the
   * next call that fails; at once if it is lost already; never after a release. It runs on the
   * context that the lock was acquired from.
   */
  LockHandle onLost(Runnable handler);

  /**
   * Renews the lease to its full duration.
   *
   * @return fails with {@code LOST} when the lock is not held any more, with {@code CLOSED} after a
   *     release
   */
  Future<Void> extend();

  /**
   * Releases the lock. The handle ends before anything is sent: no renewal follows. Idempotent.
   *
   * @return whether the lock was still held; fails with {@code BACKEND_UNAVAILABLE} when that is
   *     unknown, in which case the lease expires
   */
  Future<Boolean> release();
}
