package dev.conclave.backend.kubernetes;

import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.StoredObject;
import java.time.Duration;

/**
 * An object as this process has seen it.
 *
 * @param object its newest version
 * @param since when, on the local monotonic clock, the holder was first seen in this state
 * @param fencingToken the greatest this process knows of
 */
record Observed(StoredObject object, long since, long fencingToken) {

  /**
   * client-go's rule: a holder is alive until it has been observed unchanged for the whole duration
   * that it has announced.
   */
  boolean isLive(long now) {
    return object.isHeld() && left(now) > 0;
  }

  /** Whether this token holds it now. */
  boolean isLiveFor(LeaseKey key, String token, long now) {
    return isLive(now) && Names.isTokenOf(object.tokenHash(), key, token);
  }

  /** How many nanoseconds the holder has unless it renews. */
  long left(long now) {
    return object.duration().toNanos() - (now - since);
  }

  /** The public view of the lease. */
  Lease view(LeaseKey key, long now) {
    return new Lease(
        key,
        object.owner(),
        fencingToken,
        object.ageAtRenewal().plusNanos(now - since),
        Duration.ofNanos(Math.max(0, left(now))),
        object.holderMetadata());
  }
}
