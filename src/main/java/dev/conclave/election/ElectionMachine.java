package dev.conclave.election;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.election.Timing.Cooldown;
import dev.conclave.election.View.Term;
import dev.conclave.election.work.LeaderWork;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.FormerTokens;
import dev.conclave.lease.OutageLog;
import dev.conclave.lease.Tokens;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.util.Objects;

/**
 * The state machine of one worker in one election. Everything but {@link #view()} happens on the
 * scheduler's thread, one step after the other.
 *
 * <ol>
 *   <li>A <b>poll</b> is one call to the backend: a leader renews, a candidate requests the lease
 *       and keeps its position in the queue, an observer reads who leads. At most one is under way.
 *   <li>The next poll is <i>planned</i> for the earliest of: the retry interval after the last one
 *       was sent, the known expiry of the holder, a queue notification (at once), a hint (at once,
 *       but limited per retry interval). A poll that is planned while another is under way is sent
 *       after its answer.
 *   <li>Polls are numbered. An answer counts only if its poll is the last one; an answer that comes
 *       after its timeout changes nothing.
 *   <li>Every candidacy has a new random token. All its polls carry the same token, so a repeated
 *       request is harmless, whatever the outcome of the earlier ones. The token becomes that of
 *       the term when the candidacy wins, and is released when the candidacy ends. So a late grant
 *       to an earlier token can be released without harm to a later term. See {@link FormerTokens}
 *       for what happens to a released token.
 *   <li>A term is valid until the renew deadline, counted from the sending of its last successful
 *       request. Every step first ends a term that is over. A grant that arrives too late to be
 *       valid is released.
 *   <li>The leader renews by extending, which never acquires. The answer that the lease is gone
 *       ends the term at once. A failed renewal does not end it; the renew deadline does.
 *   <li>Leadership begins and ends in {@link #transition} only, in this order: state, work,
 *       handlers, bus. It runs no foreign code that could call back into a step: calls of callers
 *       are queued.
 * </ol>
 */
final class ElectionMachine {
  private static final System.Logger LOG = System.getLogger(LeaderElection.class.getName());

  private final Scheduler scheduler;
  private final SyncBackend backend;
  private final String worker;
  private final boolean candidate;
  private final JsonObject metadata;
  private final Timing timing;
  private final LeaderWork work;
  private final LeadershipNotifier notifier;
  private final Polling polling;
  private final FormerTokens former;
  private final LeaseKey key;
  private final String subject;

  private volatile View view = View.UNKNOWN;

  private Watch watch;
  private String token;
  private boolean unsure;
  private Scheduler.Timer deadlineTimer = () -> {};
  private final Cooldown cooldown = new Cooldown();
  private Promise<Void> stepDown;
  private long stepDownCooldown;
  private Future<Void> stopped;

  ElectionMachine(
      Scheduler scheduler,
      SyncBackend backend,
      LeaderElectionOptions options,
      Timing timing,
      LeaderWork work,
      LeadershipNotifier notifier) {
    this.scheduler = scheduler;
    this.backend = backend;
    this.worker = options.getWorker();
    this.candidate = options.isCandidate();
    this.metadata = options.getMetadata();
    this.timing = timing;
    this.work = work;
    this.notifier = notifier;
    this.key = LeaseKey.leader(options.getElection());
    this.subject = "election '" + options.getElection() + "', worker '" + options.getWorker() + "'";
    this.former = new FormerTokens(LOG, scheduler, backend, key, timing.backendTimeout, subject);
    OutageLog outage = new OutageLog(LOG, subject, backend, scheduler, timing.errorInterval);
    this.polling = new Polling(scheduler, timing.backendTimeout, outage, this::poll, this::expire);
  }

  /** The current view; from any thread. */
  View view() {
    return view;
  }

  // ---- called by users

  Future<Void> start() {
    if (stopped != null) {
      return closed();
    }
    if (watch == null) {
      watch = listen();
      polling.now();
    }
    return Future.succeededFuture();
  }

  Future<Void> resign(long cooldown) {
    expire();
    if (stopped != null) {
      return closed();
    }
    if (view.term() != null) {
      return stepDown(LeadershipReason.RESIGNED, cooldown);
    }
    coolDown(cooldown);
    return withdraw();
  }

  Future<Void> stop() {
    expire();
    if (stopped == null) {
      Promise<Void> done = Promise.promise();
      stopped = done.future();
      long stopBy = scheduler.nanoTime() + timing.stopTimeout;
      Future<Void> vacated =
          view.term() == null ? Future.succeededFuture() : stepDown(LeadershipReason.STOPPED, 0);
      vacated.compose(free -> leave(stopBy)).onComplete(done);
    }
    return stopped;
  }

  private Future<Void> leave(long stopBy) {
    polling.forget();
    if (watch != null) {
      watch.close();
    }
    work.close();
    return withdraw().compose(gone -> stopWork(stopBy - scheduler.nanoTime())).otherwiseEmpty();
  }

  private Future<Void> stopWork(long timeout) {
    return new Deadline(scheduler, timeout).call("the leader's work", work::stop);
  }

  private <T> Future<T> closed() {
    return Future.failedFuture(ErrorCode.CLOSED.failure(subject + " is stopped"));
  }

  private Watch listen() {
    try {
      return backend.watch(key, () -> later(() -> plan(polling.lastAt() + timing.hintSpacing)));
    } catch (RuntimeException unsupported) {
      LOG.log(DEBUG, subject + " receives no hints: " + unsupported.getMessage());
      return () -> {};
    }
  }

  /** Hints arrive on any thread, and from inside other calls. */
  private void later(Runnable action) {
    scheduler.execute(
        () -> {
          expire();
          action.run();
        });
  }

  // ---- polling

  private void poll() {
    Term term = view.term();
    expire();
    if (term != view.term()) {
      return; // the term has just ended: other candidates go first, the next poll is planned
    }
    if (term != null) {
      renew(term);
    } else if (stopped == null && isCampaigning()) {
      campaign();
    } else if (stopped == null) {
      observe();
    }
  }

  private void plan(long moment) {
    if (stopped == null || view.term() != null) {
      polling.plan(moment);
    }
  }

  private void planRetry(long sentAt) {
    plan(sentAt + timing.nextRetry());
    cooldown.end().ifPresent(this::plan);
  }

  // ---- following

  private boolean isCampaigning() {
    return candidate && !cooldown.lasts(scheduler.nanoTime());
  }

  private void campaign() {
    if (token == null) {
      token = Tokens.random();
      unsure = false;
    }
    String mine = token;
    long sentAt = scheduler.nanoTime();
    LeaseRequest request =
        LeaseRequest.of(key, mine, timing.lease, worker)
            .withMetadata(metadata)
            .waiting(timing.patience, () -> later(this::notified));
    polling.send(
        () -> backend.acquire(request),
        late -> grantedTooLate(mine, late),
        answer -> {
          if (answer.succeeded()) {
            answered(sentAt, answer.result());
          } else {
            unsure = true;
          }
          planRetry(sentAt);
        });
  }

  private void notified() {
    if (stopped == null && view.term() == null) {
      polling.now();
    }
  }

  private void answered(long sentAt, Acquisition answer) {
    if (answer instanceof Acquisition.Granted granted) {
      granted(sentAt, granted.fencingToken());
    } else if (answer instanceof Acquisition.Refused refused) {
      seen(refused.holder());
    }
  }

  private void granted(long sentAt, long fencingToken) {
    if (stopped != null || !isCampaigning()) {
      return; // what ended the candidacy meanwhile waits for this answer and releases the token
    }
    Term term = new Term(token, fencingToken, sentAt, timing.validity);
    token = null;
    if (term.isValid(scheduler.nanoTime())) {
      transition(new View(term, worker, fencingToken), LeadershipReason.ELECTED);
      awaitDeadline(term);
    } else {
      former.add(term.token(), unsure);
    }
  }

  /** The token of the present candidacy or term keeps what it was granted. */
  private void grantedTooLate(String late, Acquisition answer) {
    Term term = view.term();
    boolean wanted = late.equals(token) || (term != null && late.equals(term.token()));
    if (answer.granted() && !wanted) {
      former.add(late, false);
    }
  }

  /** A renewal that was executed after its term has ended, and after the term's release. */
  private void renewedTooLate(Term renewed, boolean extended) {
    if (extended && view.term() != renewed) {
      former.add(renewed.token(), false);
    }
  }

  private void observe() {
    long sentAt = scheduler.nanoTime();
    polling.send(
        () -> backend.find(key),
        late -> {},
        answer -> {
          if (answer.succeeded()) {
            answer.result().ifPresentOrElse(this::seen, () -> seen(null, view.fencingToken()));
          }
          planRetry(sentAt);
        });
  }

  private void seen(Lease holder) {
    plan(scheduler.nanoTime() + Timing.untilExpiry(holder.remaining()));
    // The fencing token seen last, under another label, does not mean a new leadership. It is an
    // offer to that label, or the record of a term that has ended on this worker.
    boolean leads =
        holder.fencingToken() != view.fencingToken() || holder.owner().equals(view.leader());
    seen(leads ? holder.owner() : null, holder.fencingToken());
    if (holder.owner().equals(worker)) {
      former.seen(holder.fencingToken(), this::notified);
    }
  }

  private void seen(String leader, long fencingToken) {
    boolean changed =
        !Objects.equals(leader, view.leader())
            || (leader != null && fencingToken != view.fencingToken());
    if (changed && stopped == null) {
      transition(new View(null, leader, fencingToken), LeadershipReason.OBSERVED);
    }
  }

  private void coolDown(long duration) {
    cooldown.extend(scheduler.nanoTime(), duration);
    cooldown.end().ifPresent(this::plan);
  }

  /** Ends the candidacy: gives up the position in the queue and a grant that may be under way. */
  private Future<Void> withdraw() {
    return polling
        .landed()
        .transform(
            any -> {
              String mine = token;
              token = null;
              return mine == null ? Future.succeededFuture() : former.add(mine, unsure);
            });
  }

  // ---- leading

  private void renew(Term term) {
    long sentAt = scheduler.nanoTime();
    polling.send(
        () -> backend.extend(key, term.token(), timing.lease),
        late -> renewedTooLate(term, late),
        answer -> {
          if (answer.failed()) {
            planRetry(sentAt);
          } else if (!answer.result()) {
            end(LeadershipReason.LOST);
            polling.now();
          } else if (term.renew(sentAt)) {
            awaitDeadline(term);
            planRetry(sentAt);
          } else {
            expire();
          }
        });
  }

  private void awaitDeadline(Term term) {
    deadlineTimer.cancel();
    deadlineTimer = scheduler.schedule(term.left(scheduler.nanoTime()), this::expire);
  }

  private void expire() {
    Term term = view.term();
    if (term != null && !term.isValid(scheduler.nanoTime())) {
      end(LeadershipReason.RENEWAL_FAILED);
    }
  }

  /** Waits until the leader's work has stopped, renewing meanwhile, then ends the term. */
  private Future<Void> stepDown(LeadershipReason reason, long cooldown) {
    Term term = view.term();
    stepDownCooldown = Math.max(stepDownCooldown, cooldown);
    if (stepDown != null) {
      return stepDown.future();
    }
    stepDown = Promise.promise();
    Future<Void> done = stepDown.future();
    stopWork(timing.stopTimeout)
        .onComplete(
            workStopped -> {
              if (workStopped.failed()) {
                LOG.log(WARNING, subject + " steps down although its work has not stopped");
              }
              expire();
              if (view.term() == term) {
                end(stopped == null ? reason : LeadershipReason.STOPPED);
              }
            });
    return done;
  }

  /** Ends the term: on this worker first, then on the backend, which may not answer. */
  private void end(LeadershipReason reason) {
    Term term = view.term();
    term.end();
    polling.abandon();
    deadlineTimer.cancel();
    transition(new View(null, null, term.fencingToken()), reason);
    Future<Void> released =
        reason == LeadershipReason.LOST
            ? Future.succeededFuture()
            : former.add(term.token(), unsure);
    if (stepDown != null) {
      coolDown(stepDownCooldown);
      stepDownCooldown = 0;
      released.onComplete(stepDown);
      stepDown = null;
    }
    planRetry(scheduler.nanoTime());
  }

  /** The only method that changes the view. */
  private void transition(View next, LeadershipReason reason) {
    view = next;
    if (reason == LeadershipReason.ELECTED) {
      work.began(() -> next.isLeading(scheduler.nanoTime()));
    } else if (reason.isEnd()) {
      work.ended();
    }
    notifier.changed(next, reason);
  }
}
