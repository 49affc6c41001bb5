package dev.conclave.backend.kubernetes;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Writer;
import dev.conclave.time.Scheduler;

/**
 * The plan of an acquire.
 *
 * <ol>
 *   <li>No object: create it, with this holding in it. Its fencing token is its creation time; if
 *       that is not above what a deleted object had, begin once more on top of it.
 *   <li>A live holder with this token: the same holding goes on.
 *   <li>Another live holder: refused.
 *   <li>No live holder, but one is known whose object was deleted: refused until its time is over,
 *       unless it has this token. That holder may not know yet that its lease is lost.
 *   <li>Free, or a holder that is dead by observation: a new holding, with the next fencing token.
 *   <li>If the write created the object anew, the former holding is over: begin a new one on top of
 *       it.
 * </ol>
 */
final class Acquiring implements Plan<Acquisition> {
  private final Scheduler scheduler;
  private final Observations observations;
  private final Writer writer;
  private final LeaseRequest request;
  private boolean begin;

  Acquiring(Scheduler scheduler, Observations observations, Writer writer, LeaseRequest request) {
    this.scheduler = scheduler;
    this.observations = observations;
    this.writer = writer;
    this.request = request;
  }

  @Override
  public Step<Acquisition> decide(Observed seen) {
    long now = scheduler.nanoTime();
    Observed holder = observations.inTheWay(Names.of(request.key()));
    if (holder != null
        && holder.isLive(now)
        && !holder.isLiveFor(request.key(), request.token(), now)) {
      return Step.answer(new Acquisition.Refused(holder.view(request.key(), now)));
    }
    if (seen == null) {
      return Step.write(writer.create(request), this::created, this::beginAnew);
    }
    if (!seen.isLive(now)) {
      return takeOver(seen);
    }
    return begin
        ? takeOver(seen)
        : Step.write(
            writer.renew(seen.object(), request, seen.fencingToken()),
            Acquiring::granted,
            this::beginAnew);
  }

  private Step<Acquisition> created(Observed now) {
    return now.object().fencingToken() > observations.greatestDeleted()
        ? granted(now)
        : beginAnew(now);
  }

  private Step<Acquisition> beginAnew(Observed now) {
    begin = true;
    return takeOver(now);
  }

  private Step<Acquisition> takeOver(Observed seen) {
    long fence = Math.max(seen.fencingToken(), observations.greatestDeleted()) + 1;
    return Step.write(
        writer.takeOver(seen.object(), request, fence), Acquiring::granted, this::beginAnew);
  }

  /** The number is what was written: others may have written greater ones since. */
  private static Step<Acquisition> granted(Observed now) {
    return Step.answer(new Acquisition.Granted(now.object().fencingToken()));
  }
}
