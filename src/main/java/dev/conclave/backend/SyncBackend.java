package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;

/**
 * A store of leases: all that Conclave asks of Redis, PostgreSQL, Kubernetes or anything else.
 *
 * <p>A <b>lease</b> is a named record that one token holds until it expires on the backend's clock.
 * Locks, leaderships and task runs are leases; everything about them is written once, above this
 * interface. {@code SyncBackendContract} in the test-jar is the specification in executable form.
 *
 * <p>Rules for every operation:
 *
 * <ol>
 *   <li>It is <b>one atomic step</b> on the server, decided by the server's clock. (Kubernetes has
 *       no such clock and observes; see its backend.)
 *   <li>It never blocks the caller, may be called from any thread, and answers on the Vert.x
 *       context it was called from, if it was called from one. A future that is already complete
 *       counts as answered there.
 *   <li>Its future <b>always completes</b>: within the backend's own timeout at the latest.
 *   <li>What is a normal outcome is a value. Failures mean a broken backend ({@link
 *       ErrorCode#BACKEND_UNAVAILABLE}, whose outcome may be unknown), misuse ({@link
 *       ErrorCode#INVALID}) or a closed backend ({@link ErrorCode#CLOSED}).
 *   <li>No message, log line or inspection shows a token or a credential.
 * </ol>
 *
 * <p><b>Fencing tokens</b> are a hybrid clock: {@code max(previous of this key + 1, backend time in
 * microseconds since 1970)}, decided inside the atomic step. So they grow for every new holding
 * even when the backend has lost or purged the record. They stay below 2^53.
 *
 * <p><b>The line.</b> A refused request that carries a {@link LeaseRequest.Waiter} gets a place in
 * line. When the lease is released or revoked, a backend that hands over reserves it for the first
 * in line for a moment (an <i>offer</i>), calls that waiter's {@code turn} and nobody else's, and
 * refuses everybody else meanwhile. The waiter claims it by asking again with the same token; that
 * claim is the new holding. An offer that nobody claims lapses soon, and the next in line is told.
 * A lease that <i>expires</i> is offered to nobody: whoever asks first gets it. A backend that does
 * not hand over may call {@code turn} whenever the key may have become free, or never. Waiters must
 * not depend on it: they ask again at the holder's expiry, and now and then.
 */
public interface SyncBackend {
  /**
   * How long a lease is reserved for the first waiter of its queue, before the next is notified.
   */
  Duration OFFER = Duration.ofMillis(500);

  /**
   * Asks for a lease.
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
   * <p><b>Never acquires</b>: an expired lease is lost even when nobody has taken it since.
   *
   * @return true when extended, false when the token does not hold the lease
   */
  Future<Boolean> extend(LeaseKey key, String token, Duration duration);

  /**
   * Vacates a live lease of this token, or gives up its place in line or its offer. Idempotent: a
   * stranger's token, an expired lease or a second call change nothing.
   *
   * @return true when a live lease of this token was vacated
   */
  Future<Boolean> release(LeaseKey key, String token);

  /**
   * Gives up this token's place in line, or an offer made to it, and never a lease that it holds:
   * so one of two requests with one token can end without ending what the other was granted.
   * Idempotent.
   *
   * <p>A backend should override this with one atomic step. As it stands here it may end a lease
   * that is granted to the token at the very moment.
   */
  default Future<Void> leave(LeaseKey key, String token) {
    return owns(key, token)
        .compose(
            held -> held ? Future.<Void>succeededFuture() : release(key, token).<Void>mapEmpty());
  }

  /** Who holds the key, if anybody does. An offer is not a holding. */
  Future<Optional<Lease>> find(LeaseKey key);

  /** Whether this token holds a live lease of the key. */
  Future<Boolean> owns(LeaseKey key, String token);

  /**
   * Lists live leases whose name begins with the prefix, in no particular order. A lease that lives
   * during the whole walk through the pages is shown, perhaps more than once.
   *
   * @param prefix compared as it is, no pattern; empty for all
   * @param page null for the first page, else {@link LeasePage#next()} of the page before
   * @param limit how many leases a page holds at most, from 1 to {@link LeaseRules#MAX_PAGE}
   */
  Future<LeasePage> list(LeaseKind kind, String prefix, String page, int limit);

  /**
   * Vacates the key whoever holds it, for administration. The next holding gets a greater fencing
   * token; the former holder finds out at its next extend.
   *
   * @return true when somebody held it
   */
  Future<Boolean> revoke(LeaseKey key);

  /**
   * Calls the hint, on any thread, when the key may have become free or changed hands: after a
   * release, a revoke, a hand-over or a new grant. A hint can be late, lost or spurious; nothing
   * may depend on it for correctness.
   */
  Watch watch(LeaseKey key, Runnable hint);

  /**
   * Moves a register that only grows. Registers are no leases and have a name space of their own;
   * one that was never set is below every mark. It is remembered for a year at least after its last
   * move.
   *
   * @param mark from 0 to {@link LeaseRules#MAX_MARK}
   * @return true iff the mark is greater than what the register held; it then holds the mark
   */
  Future<Boolean> advance(String name, long mark);

  /**
   * Reads a register and the store's clock, in one step: the clock by which leases expire and
   * fencing tokens grow. A caller whose marks are times learns by it how far its own clock is off,
   * and refrains from a mark that the store's time is far from; {@link #advance} itself takes every
   * mark, because a mark need not be a time. (Kubernetes, which has no clock in its objects,
   * answers with the {@code Date} of the API server's answer, in whole seconds.)
   *
   * <p>A backend that cannot tell its store's time answers with nothing, as this default does: then
   * nothing keeps a clock that is years ahead from setting a mark years ahead.
   */
  default Future<Optional<Register>> register(String name) {
    return Future.succeededFuture(Optional.empty());
  }

  /**
   * Sets a register back, for administration: the counterpart of {@link #advance}, as {@link
   * #revoke} is of {@link #acquire}. A backend that answers {@link #register} with nothing may
   * refuse it with {@link ErrorCode#INVALID}, as this default does.
   *
   * @param mark from 0 to {@link LeaseRules#MAX_MARK}
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
   * call that has had no answer in time names it as the last cause. From any thread, at once.
   *
   * @return null while the store can be reached, or when nothing is known, as this default does
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
