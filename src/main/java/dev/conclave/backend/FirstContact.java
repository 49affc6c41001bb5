package dev.conclave.backend;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.Backoff;
import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * The first call to a store when a program starts, which may have to wait until the store is there.
 *
 * <ol>
 *   <li>An attempt is one {@link SyncBackend#ping}, which ends within the backend's own timeout.
 *   <li>An attempt that found no store is followed by the next one after a pause, which doubles
 *       from 100 ms to 1 s. One that began when the time to wait was over is the last.
 *   <li>Any other failure, such as a refused configuration, ends the start at once. So does the end
 *       of Vert.x.
 *   <li>One log message reports the wait and its cause; another one reports how the wait ended.
 * </ol>
 */
final class FirstContact {
  private static final System.Logger LOG = System.getLogger(Backends.class.getName());
  private static final Backoff BACKOFF =
      Backoff.exact(Duration.ofMillis(100), Duration.ofSeconds(1));

  private final Scheduler scheduler;
  private final Supplier<Future<Void>> ping;
  private final Duration patience;
  private final Promise<Void> reached = Promise.promise();
  private final long begun;
  private Scheduler.Timer next = () -> {};
  private int failures;
  private boolean waiting;

  /**
   * @param patience how long to wait for the store; zero for one attempt
   */
  FirstContact(Scheduler scheduler, Supplier<Future<Void>> ping, Duration patience) {
    this.scheduler = scheduler;
    this.ping = ping;
    this.patience = patience;
    this.begun = scheduler.nanoTime();
  }

  /**
   * Completes when the store has responded. To be called once, on the scheduler's thread.
   *
   * @param end completes when Vert.x ends
   */
  Future<Void> made(Future<Void> end) {
    attempt();
    end.onComplete(ended -> CallerContext.run(scheduler, this::endsWithVertx));
    return reached.future();
  }

  private void attempt() {
    boolean last = waited() >= patience.toMillis();
    ping.get().onSuccess(answer -> succeeded()).onFailure(cause -> failed(cause, last));
  }

  private void succeeded() {
    if (reached.tryComplete() && waiting) {
      LOG.log(INFO, "the store can be reached after " + waited() + " ms: the start goes on");
    }
  }

  private void failed(Throwable cause, boolean last) {
    if (!ErrorCode.BACKEND_UNAVAILABLE.is(cause)) {
      reached.tryFail(cause);
    } else if (patience.isZero()) {
      giveUp(cause.getMessage() + "; the start does not wait for the store (startTimeout is 0)");
    } else if (last) {
      String sentence =
          "the start gives up after waiting "
              + waited()
              + " ms for the store (startTimeout "
              + patience.toMillis()
              + "); last cause: "
              + cause.getMessage();
      LOG.log(WARNING, sentence);
      giveUp(sentence);
    } else if (!reached.future().isComplete()) {
      waitAfter(cause);
    }
  }

  private void waitAfter(Throwable cause) {
    if (!waiting) {
      waiting = true;
      LOG.log(
          WARNING,
          "the start waits up to "
              + patience.toMillis()
              + " ms (startTimeout) for the store; last cause: "
              + cause.getMessage());
    }
    long left = patience.toNanos() - (scheduler.nanoTime() - begun);
    next = scheduler.schedule(Math.min(BACKOFF.after(++failures), left), this::attempt);
  }

  private void giveUp(String sentence) {
    reached.tryFail(ErrorCode.BACKEND_UNAVAILABLE.failure(sentence));
  }

  private void endsWithVertx() {
    next.cancel();
    reached.tryFail(
        ErrorCode.CLOSED.failure("the start waited for the store when Vert.x was closed"));
  }

  private long waited() {
    return Duration.ofNanos(scheduler.nanoTime() - begun).toMillis();
  }
}
