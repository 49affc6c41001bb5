package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/**
 * A store of leases: all that Conclave needs from Redis, PostgreSQL, Kubernetes or another store.
 *
 * <p>A <b>lease</b> is a named record that one token holds until it expires on the backend's clock.
 * Locks, leaderships and task runs are leases; everything about them is written once, above this
 * interface. {@code SyncBackendContract} in the test-jar is the specification in executable form.
 *
 * <p>Rules for every operation:
 *
 * <ol>
 *   <li>It is <b>one atomic step</b> on the server, decided by the server's clock. (Kubernetes
 *       offers no such clock; its backend observes the records instead.)
 *   <li>It never blocks the caller and may be called from any thread. Its future completes on the
 *       caller's Vert.x context, if there is one, or is complete when the call returns.
 *   <li>Its future <b>always completes</b>: within the backend's own timeout at the latest.
 *   <li>A normal outcome is a value. Failures mean a broken backend ({@link
 *       ErrorCode#BACKEND_UNAVAILABLE}, whose outcome may be unknown), misuse ({@link
 *       ErrorCode#INVALID}) or a closed backend ({@link ErrorCode#CLOSED}).
 *   <li>No message, log line or inspection shows a token or a credential.
 * </ol>
 *
 * <p><b>Fencing tokens</b> are a hybrid clock: {@code max(previous of this key + 1, backend time in
 * microseconds since 1970)}, decided inside the atomic step. So they grow for every new holding
 * even when the backend has lost or purged the record. They stay below 2^53.
 *
 * <p><b>The queue.</b> A refused request that carries a {@link LeaseRequest.Waiter} joins the queue
 * of its key. When the lease is released or revoked, a backend that hands over reserves it for the
 * first waiter of the queue for a short time ({@link #OFFER}), calls the {@code notification} of
 * that waiter only, and refuses all others meanwhile. The waiter claims the offer with another
 * request that has the same token; this claim is the new holding. An unclaimed offer lapses, and
 * the next waiter is notified. A lease that <i>expires</i> is not offered: the first request gets
 * it. A backend that does not hand over may call {@code notification} whenever the key may have
 * become free, or never. Waiters must not depend on it: they request again when the holder's time
 * expires, and at intervals.
 */
public interface SyncBackend {
  /**
   * How long a lease is reserved for the first waiter of its queue, before the next is notified.
   */
  Duration OFFER = Duration.ofMillis(500);

  /**
   * Requests a lease.
   *
   * <ul>
   *   <li>Free or expired: granted, with a new fencing token.
   *   <li>Live and held by the same token: granted with the same fencing token; the remaining time
   *       becomes the requested duration, owner and metadata those of this request. So a token is
   *       re-entrant and a retry is harmless.
   *   <li>Offered to this token: granted, with a new fencing token.
   *   <li>Otherwise: refused, with what is public about the holder.
   * </ul>
   */
  Future<Acquisition> acquire(LeaseRequest request);

  /**
   * Sets the remaining time of a live lease of this token to the duration.
   *
   * <p><b>Never acquires</b>: an expired lease is lost even if no other token has acquired it
   * since.
   *
   * @return true when extended, false when the token does not hold the lease
   */
  Future<Boolean> extend(LeaseKey key, String token, Duration duration);

  /**
   * Vacates a live lease of this token, or gives up its position in the queue or its offer.
   * Idempotent: another token, an expired lease or a second call change nothing.
   *
   * @return true when a live lease of this token was vacated
   */
  Future<Boolean> release(LeaseKey key, String token);

  /**
   * Gives up this token's position in the queue, or an offer made to it, but never a lease that it
   * holds. So one of two requests with one token can end without ending the lease that the other
   * was granted. Idempotent.
   *
   * <p>A backend should override this with one atomic step. This default may end a lease that is
   * granted to the token at the same moment.
   */
  default Future<Void> leave(LeaseKey key, String token) {
    return owns(key, token)
        .compose(
            held -> held ? Future.<Void>succeededFuture() : release(key, token).<Void>mapEmpty());
  }

  /** The lease of the key's holder; empty if the key is free. An offer is not a holding. */
  Future<Optional<Lease>> find(LeaseKey key);

  /** Whether this token holds a live lease of the key. */
  Future<Boolean> owns(LeaseKey key, String token);

  /**
   * Lists live leases whose name begins with the prefix, in no particular order. A lease that lives
   * during the whole walk through the pages is shown, perhaps more than once.
   *
   * @param prefix compared literally, not as a pattern; empty for all
   * @param page null for the first page, else {@link LeasePage#next()} of the page before
   * @param limit how many leases a page holds at most, from 1 to {@link LeasePage#MAX_SIZE}
   */
  Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit);

  /**
   * Vacates the key regardless of its holder, for administration. The next holding gets a greater
   * fencing token; the former holder finds out at its next extend.
   *
   * @return true if the key was held
   */
  Future<Boolean> revoke(LeaseKey key);

  /**
   * Calls the hint, on any thread, when the key may have become free or changed hands: after a
   * release, a revoke, a hand-over or a new grant. A hint can be late, lost or spurious; nothing
   * may depend on it for correctness.
   */
  Watch watch(LeaseKey key, Runnable hint);

  /**
   * Moves a register that only grows. Registers are not leases and have a name space of their own;
   * one that was never set is below every mark. It is remembered for a year at least after its last
   * move.
   *
   * @param mark from 0 to {@link Register#MAX_MARK}
   * @return true iff the mark is greater than what the register held; it then holds the mark
   */
  Future<Boolean> advance(String name, long mark);

  /**
   * Reads a register and the store's clock, in one step: the clock by which leases expire and
   * fencing tokens grow. A caller whose marks are times can compare its own clock with the store's
   * and reject a mark that is far from it; {@link #advance} itself accepts every mark, because a
   * mark need not be a time. (Kubernetes, which has no clock in its objects, returns the {@code
   * Date} of the API server's response, in whole seconds.)
   *
   * <p>A backend that does not know its store's time returns an empty result, as this default does.
   * Then a clock that is years ahead can set a mark years ahead.
   */
  default Future<Optional<Register>> register(String name) {
    return Future.succeededFuture(Optional.empty());
  }

  /**
   * Sets a register back, for administration: the counterpart of {@link #advance}, as {@link
   * #revoke} is of {@link #acquire}. A backend whose {@link #register} is empty may refuse it with
   * {@link ErrorCode#INVALID}, as this default does.
   *
   * @param mark from 0 to {@link Register#MAX_MARK}
   * @return true iff the register held a greater mark; it then holds this one
   */
  default Future<Boolean> retreat(String name, long mark) {
    return Future.failedFuture(
        ErrorCode.INVALID.failure(
            "register '" + name + "' cannot be set back: this backend does not implement retreat"));
  }

  /**
   * Completes when the backend can be reached and is ready for use. The failure names what could
   * not be reached or is missing, without credentials.
   */
  Future<Void> ping();

  /**
   * Why the store cannot be reached at the moment: one sentence for people, without credentials. A
   * call that timed out names it as the last cause. From any thread, at once.
   *
   * @return null while the store can be reached, or if the reason is unknown; this default always
   *     returns null
   */
  default String trouble() {
    return null;
  }

  /**
   * Ends every connection, timer and watch; idempotent. Calls under way and later ones fail with
   * {@link ErrorCode#CLOSED}. Leases live on until they expire.
   */
  Future<Void> close();
}
