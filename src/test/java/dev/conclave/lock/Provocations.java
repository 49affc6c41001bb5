package dev.conclave.lock;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Provokes every failure of a lock service. {@code sound} works and lets one request wait at most;
 * {@code broken} has a backend that always fails. The lock {@code held} is held.
 */
final class Provocations {
  private Provocations() {}

  /** The outcome of each call, as the caller sees it. */
  static Future<JsonArray> run(LockService sound, LockService broken) {
    JsonArray seen = new JsonArray();
    Future<?> all = Future.succeededFuture();
    for (Function<LockService, Future<?>> provocation : provocations()) {
      all = all.compose(v -> provocation.apply(sound).transform(answer -> add(seen, answer)));
    }
    return all.compose(
            v -> broken.acquire(request("x", "t", 0)).transform(answer -> add(seen, answer)))
        .compose(v -> broken.find("x").transform(answer -> add(seen, answer)))
        .map(seen);
  }

  /** The codes that must be among them. */
  static List<ErrorCode> codes() {
    return List.of(
        ErrorCode.TIMEOUT,
        ErrorCode.NOT_OWNER,
        ErrorCode.BACKEND_UNAVAILABLE,
        ErrorCode.INVALID,
        ErrorCode.OVERLOADED,
        ErrorCode.CLOSED);
  }

  private static List<Function<LockService, Future<?>>> provocations() {
    List<Function<LockService, Future<?>>> all = new ArrayList<>();
    all.add(s -> s.acquire(request("held", "timeout", 0)));
    all.add(s -> s.acquire(request("held", "timeout", 50)));
    all.add(s -> s.extend("held", "stranger", 1_000));
    all.add(s -> s.acquire(request("", "t", 0)));
    all.add(s -> s.acquire(request("held", "t", 99_999_999)));
    all.add(s -> s.acquire(request("held", "t", 0).setLeaseDuration(1)));
    all.add(s -> s.extend("held", "t", 0));
    all.add(s -> s.extend("held", "", 1_000));
    all.add(s -> s.find(""));
    all.add(s -> s.list("", null, 0));
    all.add(
        s -> {
          Future<LockGrant> waiting = s.acquire(request("held", "waits", 20_000));
          Future<?> overloaded = s.acquire(request("held", "too many", 20_000));
          return overloaded.transform(
              answer ->
                  s.release("held", "waits")
                      .transform(released -> waiting.transform(ended -> Future.succeededFuture()))
                      .compose(v -> (Future<?>) repeat(answer)));
        });
    all.add(
        s -> {
          Future<LockGrant> waiting = s.acquire(request("held", "withdrawn", 20_000));
          return s.release("held", "withdrawn").transform(released -> waiting);
        });
    return all;
  }

  private static Future<Object> repeat(io.vertx.core.AsyncResult<?> answer) {
    return answer.succeeded()
        ? Future.succeededFuture(answer.result())
        : Future.failedFuture(answer.cause());
  }

  static LockRequest request(String name, String token, long wait) {
    return new LockRequest().setName(name).setToken(token).setWaitTimeout(wait).setOwner("o");
  }

  private static Future<Void> add(JsonArray seen, io.vertx.core.AsyncResult<?> answer) {
    JsonObject entry = new JsonObject();
    if (answer.succeeded()) {
      entry.put("answer", String.valueOf(answer.result()));
    } else if (answer.cause() instanceof ServiceException failure) {
      JsonObject details = failure.getDebugInfo().copy();
      String message = failure.getMessage();
      // Details that depend on the moment are compared only for being present.
      for (String changing : List.of("age", "remaining")) {
        if (details.containsKey(changing)) {
          // With the word before it: the number may also be the wait.
          String before = changing.equals("age") ? "for " : "with ";
          message = message.replace(before + details.getValue(changing) + " ms", before + "N ms");
          details.put(changing, "N");
        }
      }
      entry
          .put("code", String.valueOf(ErrorCode.of(failure)))
          .put("message", message)
          .put("details", details);
    } else {
      entry.put("failure", String.valueOf(answer.cause()));
    }
    seen.add(entry);
    return Future.succeededFuture();
  }
}
