package dev.conclave.backend.support;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One connection to a server, made again whenever it is lost.
 *
 * <ol>
 *   <li>Nothing happens until a connection is requested.
 *   <li>An attempt has the timeout to open a connection and to prepare it. A connection that is
 *       opened later is closed unused.
 *   <li>After a failed attempt or a loss the next attempt follows in 100 ms, doubling up to 1 s.
 *       The pauses are short because a leader must find the server soon after its return. Each is
 *       shortened at random, so that many processes do not reconnect at the same moment.
 *   <li>A request that needs the connection waits for the attempt that succeeds, at most until its
 *       own deadline.
 *   <li>A connection that ended, or that is not trusted any more, is discarded. The other
 *       connection of a pair is then checked, because both use the same network path.
 *   <li>A check sends a request. Without an answer within the timeout the connection is discarded:
 *       a connection that a device in the network has forgotten never ends by itself.
 * </ol>
 *
 * <p>To be used on the scheduler's thread only, except {@link #lastFailure}.
 *
 * @param <C> the client library's connection
 */
public abstract class KeptConnection<C> {
  private static final Backoff PAUSES =
      Backoff.jittered(Duration.ofMillis(100), Duration.ofSeconds(1));

  /** The server did not respond in time. */
  public static final class NoAnswer extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** There was no answer within this time. */
    public NoAnswer(Duration timeout) {
      super("no answer within " + timeout.toMillis() + " ms", null, false, false);
    }
  }

  private record Waiting<C>(Promise<C> promise, long until) {}

  private final System.Logger log = System.getLogger(getClass().getName());
  private final Scheduler scheduler;
  private final String server;
  private final Duration timeout;
  private final List<Waiting<C>> waiting = new ArrayList<>();
  private KeptConnection<?> sibling;
  private C current;
  private C checking;
  private Promise<Void> attempt;
  private Scheduler.Timer retry;
  private int failures;
  private volatile Throwable lastFailure;
  private boolean closed;

  /**
   * No connection yet.
   *
   * @param server what log messages name, without credentials
   * @param timeout of each attempt and check
   */
  protected KeptConnection(Scheduler scheduler, String server, Duration timeout) {
    this.scheduler = scheduler;
    this.server = server;
    this.timeout = timeout;
  }

  /** Opens a connection and prepares it. */
  protected abstract Future<C> connect();

  /**
   * This connection is the current one from now on. The implementation reports its end to {@link
   * #discard}.
   */
  protected abstract void connected(C connection);

  /** Fails unless the server responds and is the one to use. */
  protected abstract Future<Void> check(C connection);

  /** Closes whatever the failed attempt may have left open. */
  protected abstract void failed(Throwable why);

  /** Closes a connection that was discarded, and whatever would stay open otherwise. */
  protected abstract void discarded(C connection, Throwable why);

  /** Closes a connection that was opened too late. */
  protected abstract void unused(C connection);

  /** Closes the client. */
  protected abstract Future<Void> closeClient();

  /** The failure in words, without credentials. */
  protected abstract String reason(Throwable failure);

  /** When one of a pair is lost, the other one is checked. */
  public final void pairWith(KeptConnection<?> other) {
    sibling = other;
    other.sibling = this;
  }

  /** The connection if there is one now, else null. */
  public final C current() {
    return current;
  }

  /** Why the connection is missing, or null when nothing has gone wrong. From any thread. */
  public final Throwable lastFailure() {
    return lastFailure;
  }

  /**
   * Starts an attempt to connect, unless there is a connection, or an attempt is under way or
   * scheduled.
   */
  public final void want() {
    if (!closed && current == null && attempt == null && retry == null) {
      probe();
    }
  }

  /**
   * The connection, as soon as there is one; fails when there is none by this time of the
   * scheduler's clock.
   */
  public final Future<C> connection(long until) {
    if (until - scheduler.nanoTime() <= 0) {
      return Future.failedFuture(unavailable());
    }
    if (current != null) {
      return Future.succeededFuture(current);
    }
    if (closed) {
      return Future.failedFuture(closedFailure());
    }
    endLateWaits();
    Waiting<C> mine = new Waiting<>(Promise.promise(), until);
    waiting.add(mine);
    want();
    return mine.promise.future();
  }

  /** The outcome of the attempt under way, or of one that is made now. */
  public final Future<Void> probe() {
    if (closed) {
      return Future.failedFuture(closedFailure());
    }
    if (current != null) {
      return Future.succeededFuture();
    }
    if (attempt == null) {
      cancelRetry();
      Promise<Void> mine = Promise.promise();
      attempt = mine;
      // A client belongs to the context on which it is made: it must not be a caller's.
      scheduler.execute(() -> open(mine));
    }
    return attempt.future();
  }

  private void open(Promise<Void> mine) {
    if (attempt == mine) {
      new Deadline(scheduler, timeout)
          .bound(
              CallerContext.attempt(this::connect),
              () -> new NoAnswer(timeout),
              late -> late.map(this::closeUnused))
          .onComplete(
              (made, failure) -> CallerContext.run(scheduler, () -> ended(mine, made, failure)));
    }
  }

  private Void closeUnused(C connection) {
    unused(connection);
    return null;
  }

  private void ended(Promise<Void> mine, C made, Throwable failure) {
    if (attempt != mine) {
      if (made != null) {
        unused(made);
      }
      return;
    }
    attempt = null;
    if (failure == null) {
      succeeded(made);
      mine.complete();
    } else {
      failed(failure);
      outage("cannot be reached", failure);
      endLateWaits();
      mine.fail(failure);
    }
  }

  private void succeeded(C made) {
    endLateWaits();
    current = made;
    lastFailure = null;
    if (failures > 0) {
      log.log(System.Logger.Level.INFO, "{0} can be reached again", server);
    }
    failures = 0;
    connected(made);
    List<Waiting<C>> served = List.copyOf(waiting);
    waiting.clear();
    served.forEach(one -> one.promise.complete(made));
  }

  private void endLateWaits() {
    long now = scheduler.nanoTime();
    List<Waiting<C>> late = waiting.stream().filter(one -> one.until - now <= 0).toList();
    waiting.removeAll(late);
    late.forEach(one -> one.promise.fail(unavailable()));
  }

  /** Discards the connection, if it is the current one: it is not used any more. */
  public final void discard(C connection, Throwable why) {
    if (connection == null || current != connection) {
      return;
    }
    current = null;
    discarded(connection, why);
    if (!closed) {
      outage("is lost", why);
      if (sibling != null) {
        sibling.check();
      }
    }
  }

  private void outage(String what, Throwable why) {
    lastFailure = why;
    if (failures++ == 0) {
      log.log(System.Logger.Level.WARNING, "{0} {1}: {2}", server, what, reason(why));
    }
    retry =
        scheduler.schedule(
            PAUSES.after(failures),
            () -> {
              retry = null;
              want();
            });
  }

  /** Checks that the server still responds over the current connection. */
  public final void check() {
    C checked = current;
    if (checked == null || checking == checked) {
      return;
    }
    checking = checked;
    Deadline.bound(
            scheduler,
            timeout,
            CallerContext.attempt(() -> check(checked)),
            () -> new NoAnswer(timeout))
        .onComplete(
            (well, failure) -> CallerContext.run(scheduler, () -> checked(checked, failure)));
  }

  private void checked(C connection, Throwable failure) {
    if (checking == connection) {
      checking = null;
    }
    if (failure != null) {
      discard(connection, failure);
    }
  }

  /** Ends the connection and all attempts. */
  public final Future<Void> close() {
    closed = true;
    current = null;
    cancelRetry();
    Promise<Void> left = attempt;
    attempt = null;
    if (left != null) {
      left.fail(closedFailure());
    }
    List<Waiting<C>> ended = List.copyOf(waiting);
    waiting.clear();
    ended.forEach(one -> one.promise.fail(closedFailure()));
    return closeClient();
  }

  private void cancelRetry() {
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
  }

  private Throwable unavailable() {
    Throwable last = lastFailure;
    return last == null ? new NoAnswer(timeout) : last;
  }

  private static RuntimeException closedFailure() {
    return ErrorCode.CLOSED.failure("the backend is closed");
  }
}
