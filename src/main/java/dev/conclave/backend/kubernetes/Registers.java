package dev.conclave.backend.kubernetes;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/**
 * Registers that only grow: an object each, with the mark in an annotation and no leader.
 *
 * <ol>
 *   <li>Read; a mark that is not greater than what is there is refused.
 *   <li>Write it with the {@code resourceVersion} that was read, or create it.
 *   <li>After a conflict: read again. If the write id is ours, the write was; otherwise from 1.
 * </ol>
 */
final class Registers {
  private final ApiClient api;
  private final Resource resource;
  private final Writer writer;

  Registers(ApiClient api, Resource resource, Writer writer) {
    this.api = api;
    this.resource = resource;
    this.writer = writer;
  }

  Future<Boolean> advance(String name, long mark, Deadline deadline) {
    return read(name, deadline).compose(object -> decide(object, name, mark, deadline));
  }

  private Future<StoredObject> read(String name, Deadline deadline) {
    ApiCall call = ApiCall.get(Names.ofRegister(name));
    return api.send(call, deadline)
        .compose(
            answer ->
                switch (answer.status()) {
                  case ApiAnswer.OK ->
                      Future.succeededFuture(new StoredObject(resource, answer.body()));
                  case ApiAnswer.NOT_FOUND -> Future.succeededFuture();
                  default -> Future.failedFuture(api.failure(call, answer.status(), ""));
                });
  }

  private Future<Boolean> decide(StoredObject object, String name, long mark, Deadline deadline) {
    String held = object == null ? null : object.annotation(Annotations.MARK);
    try {
      if (held != null && Long.parseLong(held) >= mark) {
        return Future.succeededFuture(false);
      }
    } catch (NumberFormatException edited) {
      return Future.failedFuture(
          ErrorCode.BACKEND_UNAVAILABLE.failure(
              "the register '" + name + "' holds no number; repair or delete " + object.name()));
    }
    Writer.Draft draft = writer.register(object, name, mark);
    JsonObject json = draft.json();
    ApiCall call =
        object == null ? ApiCall.create(json) : ApiCall.update(Names.ofRegister(name), json);
    return api.send(call, deadline)
        .compose(
            answer ->
                switch (answer.status()) {
                  case ApiAnswer.OK, ApiAnswer.CREATED ->
                      new StoredObject(resource, answer.body()).isWrittenBy(draft)
                          ? Future.succeededFuture(true)
                          : Future.failedFuture(api.anotherObject(call));
                  case ApiAnswer.CONFLICT ->
                      read(name, deadline)
                          .compose(
                              now -> {
                                if (now != null && now.comesAfter(draft)) {
                                  return Future.succeededFuture(true);
                                }
                                return now != null && answer.again() && now.mayHide(draft)
                                    ? Future.failedFuture(api.answerLost(now.name()))
                                    : decide(now, name, mark, deadline);
                              });
                  case ApiAnswer.NOT_FOUND ->
                      object == null
                          ? Future.failedFuture(api.failure(call, answer.status(), ""))
                          : decide(null, name, mark, deadline);
                  default -> Future.failedFuture(api.failure(call, answer.status(), ""));
                });
  }
}
