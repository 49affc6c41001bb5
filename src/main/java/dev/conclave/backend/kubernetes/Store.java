package dev.conclave.backend.kubernetes;

import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.backend.kubernetes.api.KubernetesRequest;
import dev.conclave.backend.kubernetes.api.KubernetesResponse;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.backend.kubernetes.object.StoredObject;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/**
 * The one way by which objects are changed: compare and swap by {@code resourceVersion}. To be used
 * on one thread, by one operation for each object at a time.
 *
 * <ol>
 *   <li>The plan decides from the known version. A write that is based on it is safe, since the
 *       write names that version. A result without a write needs a version that was read after the
 *       operation began, by itself or by one before it in the queue.
 *   <li>What does not exist is created with {@code POST}, what exists is changed with {@code PUT}.
 *   <li>A conflict (409) is a lost race, or our own write whose answer was lost: read again. If the
 *       object has our write id, the write succeeded. If others have written on top of it, it
 *       succeeded too, but was overtaken. If it was sent more than once and so much was written
 *       since that the outcome is unknown, the operation fails. Otherwise decide again. (An API
 *       server that compares the {@code uid} as well returns 409 in the next case.) After the
 *       second conflict in a row, pause first: longer each time.
 *   <li>A {@code PUT} with the status 201 has created the object anew: a Lease that had been
 *       deleted. The plan decides again. For a ConfigMap the status is 404, and the object does not
 *       exist.
 *   <li>All of it ends at the deadline.
 * </ol>
 */
final class Store {
  private final Scheduler scheduler;
  private final ApiClient api;
  private final Resource resource;
  private final Observations observations;
  private final KeyQueue queue;

  Store(
      Scheduler scheduler,
      ApiClient api,
      Resource resource,
      Observations observations,
      KeyQueue queue) {
    this.scheduler = scheduler;
    this.api = api;
    this.resource = resource;
    this.observations = observations;
    this.queue = queue;
  }

  /** Carries out a plan, beginning with the known version. */
  <T> Future<T> change(String name, Plan<T> plan, Deadline deadline) {
    return new Change<>(name, plan, deadline).attempt(observations.get(name), false);
  }

  /** An object as it was at some time after the operation began; null when there is none. */
  Future<Observed> read(String name, Deadline deadline) {
    return queue.isReadAfter(name, deadline.began())
        ? Future.succeededFuture(observations.get(name))
        : readNow(name, deadline);
  }

  private Future<Observed> readNow(String name, Deadline deadline) {
    KubernetesRequest call = KubernetesRequest.get(name);
    long asked = scheduler.nanoTime();
    return api.send(call, deadline)
        .compose(
            answer ->
                switch (answer.status()) {
                  // Overtaken by a watch, it would be judged by a time that is not its own; what
                  // has overtaken it has been written since this was asked, and answers as well.
                  case KubernetesResponse.OK ->
                      observe(call, name, answer.body(), asked)
                          .map(
                              read -> {
                                queue.read(name, asked);
                                return observations.get(name);
                              });
                  case KubernetesResponse.NOT_FOUND -> {
                    observations.deleted(name);
                    queue.read(name, asked);
                    yield Future.succeededFuture();
                  }
                  default -> Future.failedFuture(api.failures().of(call, answer.status(), ""));
                });
  }

  private Future<Observed> observe(
      KubernetesRequest call, String name, JsonObject json, long asked) {
    StoredObject version;
    try {
      version = new StoredObject(resource, json);
      if (!name.equals(version.name())) {
        return Future.failedFuture(api.failures().anotherObject(call));
      }
    } catch (RuntimeException noRecord) {
      return Future.failedFuture(
          ErrorCode.BACKEND_UNAVAILABLE.failure(
              "the leader election record of "
                  + resource.qualifiedName()
                  + " '"
                  + name
                  + "' cannot be read; repair or delete it"));
    }
    return Future.succeededFuture(observations.observe(version, asked));
  }

  /** One operation under way. */
  private final class Change<T> {
    private final String name;
    private final Plan<T> plan;
    private final Deadline deadline;
    private final Conflicts conflicts = new Conflicts(scheduler);

    private Change(String name, Plan<T> plan, Deadline deadline) {
      this.name = name;
      this.plan = plan;
      this.deadline = deadline;
    }

    private Future<T> attempt(Observed seen, boolean fresh) {
      Plan.Step<T> step = plan.decide(seen);
      if (step.draft() == null && !fresh) {
        return read(name, deadline).compose(read -> attempt(read, true));
      }
      return carryOut(step, seen);
    }

    private Future<T> carryOut(Plan.Step<T> step, Observed base) {
      if (step.draft() == null) {
        return Future.succeededFuture(step.answer());
      }
      JsonObject json = step.draft().json();
      KubernetesRequest call =
          base == null ? KubernetesRequest.create(json) : KubernetesRequest.update(name, json);
      long asked = scheduler.nanoTime();
      return api.send(call, deadline).compose(answer -> follow(call, answer, asked, step, base));
    }

    private Future<T> follow(
        KubernetesRequest call,
        KubernetesResponse answer,
        long asked,
        Plan.Step<T> step,
        Observed base) {
      return switch (answer.status()) {
        case KubernetesResponse.OK, KubernetesResponse.CREATED ->
            observe(call, name, answer.body(), asked)
                .compose(
                    now ->
                        now.object().isWrittenBy(step.draft())
                            ? written(
                                step, base, now, answer.status() == KubernetesResponse.CREATED)
                            : Future.failedFuture(api.failures().anotherObject(call)));
        case KubernetesResponse.CONFLICT ->
            conflicts
                .pause(deadline, name)
                .compose(over -> readNow(name, deadline))
                .compose(now -> lost(answer, step, base, now));
        case KubernetesResponse.NOT_FOUND -> {
          if (base == null) {
            yield Future.failedFuture(api.failures().of(call, answer.status(), ""));
          }
          observations.deleted(name);
          yield attempt(null, true);
        }
        default -> Future.failedFuture(api.failures().of(call, answer.status(), ""));
      };
    }

    private Future<T> written(Plan.Step<T> step, Observed base, Observed now, boolean created) {
      // After a lost response the 201 is not seen, but an object that was created has another uid.
      boolean recreated = base != null && (created || !base.object().isSameObject(now.object()));
      return carryOut((recreated ? step.recreated() : step.written()).apply(now), now);
    }

    private Future<T> lost(
        KubernetesResponse conflict, Plan.Step<T> step, Observed base, Observed now) {
      boolean ours = now != null && now.object().comesAfter(step.draft());
      if (ours && now.object().isWrittenBy(step.draft())) {
        return written(step, base, now, false);
      }
      if (ours && step.overtaken() != null) {
        return Future.succeededFuture(step.overtaken());
      }
      boolean unknown = now != null && conflict.again() && now.object().mayHide(step.draft());
      return ours || unknown
          ? Future.failedFuture(api.failures().answerLost(name))
          : attempt(now, true);
    }
  }
}
