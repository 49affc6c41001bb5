package dev.conclave.backend.kubernetes;

import dev.conclave.backend.Register;
import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.backend.kubernetes.api.KubernetesRequest;
import dev.conclave.backend.kubernetes.api.KubernetesResponse;
import dev.conclave.backend.kubernetes.object.Annotations;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.backend.kubernetes.object.StoredObject;
import dev.conclave.backend.kubernetes.object.Writer;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongPredicate;

/**
 * Registers: an object each, with the mark in an annotation and no leader.
 *
 * <ol>
 *   <li>Read the register; a mark that does not move it is refused.
 *   <li>Write it with the {@code resourceVersion} that was read, or create it.
 *   <li>After a conflict: read again. If the object has our write id, the write succeeded;
 *       otherwise decide again. After the second conflict in a row, pause first.
 * </ol>
 */
final class Registers {
  private final Scheduler scheduler;
  private final ApiClient api;
  private final Resource resource;
  private final Writer writer;

  Registers(Scheduler scheduler, ApiClient api, Resource resource, Writer writer) {
    this.scheduler = scheduler;
    this.api = api;
    this.resource = resource;
    this.writer = writer;
  }

  Future<Boolean> advance(String name, long mark, Deadline deadline) {
    return new Change(name, mark, held -> held < mark, deadline).start();
  }

  /** Empty when the API server's response has no date: its time is unknown then. */
  Future<Optional<Register>> register(String name, Deadline deadline) {
    KubernetesRequest call = KubernetesRequest.get(Names.ofRegister(name));
    return api.send(call, deadline)
        .compose(
            answer ->
                switch (answer.status()) {
                  case KubernetesResponse.OK ->
                      mark(new StoredObject(resource, answer.body()), name)
                          .map(mark -> dated(mark, answer));
                  case KubernetesResponse.NOT_FOUND ->
                      Future.succeededFuture(dated(OptionalLong.empty(), answer));
                  default -> Future.failedFuture(api.failures().of(call, answer.status(), ""));
                });
  }

  private static Optional<Register> dated(OptionalLong mark, KubernetesResponse answer) {
    return Optional.ofNullable(answer.date()).map(date -> new Register(mark, date));
  }

  Future<Boolean> retreat(String name, long mark, Deadline deadline) {
    return new Change(name, mark, held -> held > mark, deadline).start();
  }

  private Future<StoredObject> read(String name, Deadline deadline) {
    KubernetesRequest call = KubernetesRequest.get(Names.ofRegister(name));
    return api.send(call, deadline)
        .compose(
            answer ->
                switch (answer.status()) {
                  case KubernetesResponse.OK ->
                      Future.succeededFuture(new StoredObject(resource, answer.body()));
                  case KubernetesResponse.NOT_FOUND -> Future.succeededFuture();
                  default -> Future.failedFuture(api.failures().of(call, answer.status(), ""));
                });
  }

  private static Future<OptionalLong> mark(StoredObject object, String name) {
    String held = object == null ? null : object.annotation(Annotations.MARK);
    try {
      return Future.succeededFuture(
          held == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(held)));
    } catch (NumberFormatException edited) {
      return Future.failedFuture(
          ErrorCode.BACKEND_UNAVAILABLE.failure(
              "the register '" + name + "' holds no number; repair or delete " + object.name()));
    }
  }

  /** One operation under way. */
  private final class Change {
    private final String name;
    private final long mark;
    private final LongPredicate moves;
    private final Deadline deadline;
    private final Conflicts conflicts = new Conflicts(scheduler);

    private Change(String name, long mark, LongPredicate moves, Deadline deadline) {
      this.name = name;
      this.mark = mark;
      this.moves = moves;
      this.deadline = deadline;
    }

    private Future<Boolean> start() {
      return read(name, deadline).compose(this::decide);
    }

    /** A register that was never set is below every mark: it holds -1. */
    private Future<Boolean> decide(StoredObject object) {
      return mark(object, name)
          .compose(
              held -> moves.test(held.orElse(-1)) ? write(object) : Future.succeededFuture(false));
    }

    private Future<Boolean> write(StoredObject object) {
      Writer.Draft draft = writer.register(object, name, mark);
      JsonObject json = draft.json();
      KubernetesRequest call =
          object == null
              ? KubernetesRequest.create(json)
              : KubernetesRequest.update(Names.ofRegister(name), json);
      return api.send(call, deadline)
          .compose(
              answer ->
                  switch (answer.status()) {
                    case KubernetesResponse.OK, KubernetesResponse.CREATED ->
                        new StoredObject(resource, answer.body()).isWrittenBy(draft)
                            ? Future.succeededFuture(true)
                            : Future.failedFuture(api.failures().anotherObject(call));
                    case KubernetesResponse.CONFLICT ->
                        conflicts
                            .pause(deadline, Names.ofRegister(name))
                            .compose(over -> read(name, deadline))
                            .compose(now -> lost(answer, draft, now));
                    case KubernetesResponse.NOT_FOUND ->
                        object == null
                            ? Future.failedFuture(api.failures().of(call, answer.status(), ""))
                            : decide(null);
                    default -> Future.failedFuture(api.failures().of(call, answer.status(), ""));
                  });
    }

    private Future<Boolean> lost(
        KubernetesResponse conflict, Writer.Draft draft, StoredObject now) {
      if (now != null && now.comesAfter(draft)) {
        return Future.succeededFuture(true);
      }
      return now != null && conflict.again() && now.mayHide(draft)
          ? Future.failedFuture(api.failures().answerLost(now.name()))
          : decide(now);
    }
  }
}
