package dev.conclave.lease;

import static java.lang.System.Logger.Level.DEBUG;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * The tokens that this worker does not use any more and that the backend may still hold. On the
 * scheduler's thread only.
 *
 * <ol>
 *   <li>A token is released when its term or its candidacy ends. That release can fail. A backend
 *       that was paused can also execute an older renewal after its timeout. Then the former token
 *       keeps every candidate out for a whole lease, this worker included. So a token is kept until
 *       a release of it has been answered.
 *   <li>After an answered release, an extend cannot revive the token, because it never acquires. An
 *       acquire can. A token with an acquire of unknown outcome is kept even after the release.
 *   <li>When the backend names this worker as the holder although it does not lead, all kept tokens
 *       are released again. If none of them was the holder's, another worker has the same label.
 *       Its fencing token is remembered, so that it causes no further releases.
 *   <li>When there are too many tokens, the oldest is dropped; its lease expires.
 * </ol>
 */
public final class FormerTokens {
  private static final int LIMIT = 8;

  private record Former(String token, boolean unsure) {
    /** The token stays secret. */
    @Override
    public String toString() {
      return unsure ? "a token that may hold the lease" : "a token that held the lease";
    }
  }

  private final System.Logger log;
  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final LeaseKey key;
  private final long timeout;
  private final String subject;
  private final List<Former> kept = new ArrayList<>();
  private boolean releasing;
  private long foreign;

  /**
   * The tokens of one worker for one lease.
   *
   * @param timeout how long a release may take, in nanoseconds
   * @param subject the owner of the tokens, for the log
   */
  public FormerTokens(
      System.Logger log,
      Scheduler scheduler,
      SyncBackend backend,
      LeaseKey key,
      long timeout,
      String subject) {
    this.log = log;
    this.scheduler = scheduler;
    this.backend = backend;
    this.key = key;
    this.timeout = timeout;
    this.subject = subject;
  }

  /**
   * Releases a token that is not used any more. Completes when the release has ended; never fails.
   *
   * @param unsure whether the outcome of one of its acquires is unknown
   */
  public Future<Void> add(String token, boolean unsure) {
    Former former = new Former(token, unsure);
    kept.add(former);
    if (kept.size() > LIMIT) {
      kept.remove(0);
    }
    return release(former).otherwise(false).mapEmpty();
  }

  /**
   * The backend names this worker as the holder although it does not lead.
   *
   * @param freed runs when one of the kept tokens was the holder and has been released
   */
  public void seen(long fencingToken, Runnable freed) {
    if (kept.isEmpty() || releasing || fencingToken == foreign) {
      return;
    }
    releasing = true;
    List<Future<Boolean>> answers = List.copyOf(kept).stream().map(this::release).toList();
    Future.join(answers)
        .onComplete(
            all -> {
              releasing = false;
              if (answers.stream().anyMatch(a -> a.succeeded() && a.result())) {
                freed.run();
              } else if (all.succeeded()) {
                foreign = fencingToken;
              }
            });
  }

  private Future<Boolean> release(Former former) {
    return new Deadline(scheduler, timeout)
        .call("the backend", () -> backend.release(key, former.token))
        .onSuccess(
            answered -> {
              if (!former.unsure) {
                kept.remove(former);
              }
            })
        .onFailure(
            failure -> log.log(DEBUG, subject + " could not release: " + failure.getMessage()));
  }
}
