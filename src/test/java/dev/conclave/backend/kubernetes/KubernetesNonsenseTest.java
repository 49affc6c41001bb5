package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Planted;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A server that is not an API server: errors that name it, and no harm afterwards. */
class KubernetesNonsenseTest extends FakeApiServerFixture {
  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void listen() {
    vertx.exceptionHandler(uncaught::add);
  }

  @AfterEach
  void nothingWasUncaught() {
    assertThat(uncaught).as("uncaught exceptions").isEmpty();
  }

  static List<String> nonsense() {
    List<String> bodies = new ArrayList<>();
    for (String body :
        List.of(
            "",
            "null",
            "5",
            "'x'",
            "[]",
            "{",
            "<html>Sign in</html>",
            "\u0000\u0001",
            "{}",
            "{'metadata': 5}",
            "{'metadata': {}}",
            "{'metadata': {'name': 5}}",
            "{'metadata': {'name': 'x', 'labels': 5}, 'spec': {}}",
            "{'metadata': {'name': 'x', 'annotations': 5}, 'spec': {}}",
            "{'metadata': {'name': 'x', 'annotations': {'conclave.dev/owner': []}}, 'spec': {}}",
            "{'metadata': {'name': 'x'}, 'spec': 5}",
            "{'metadata': {'name': 'x'}, 'spec': {'holderIdentity': 5}}",
            "{'metadata': {'name': 'x'}, 'spec': {'holderIdentity': 'h',"
                + " 'leaseDurationSeconds': 'x'}}",
            "{'metadata': {'name': 'x'}, 'spec': {'holderIdentity': 'h',"
                + " 'leaseDurationSeconds': 9e18, 'leaseTransitions': -1}}",
            "{'metadata': {'name': 'x', 'uid': {}, 'resourceVersion': []}, 'spec': {}}",
            "{'items': 5}",
            "{'items': [5, null, {}, []]}",
            "{'items': [{'metadata': 5}], 'metadata': 5}",
            "{'items': [], 'metadata': {'continue': 5}}",
            "{'items': [], 'metadata': {'resourceVersion': {}}}",
            "{'type': 5, 'object': 5}",
            "{'type': 'ADDED'}",
            "{'type': 'ADDED', 'object': {'metadata': 5}}",
            "{'type': 'ERROR', 'object': {}}",
            "{'type': 'BOOKMARK', 'object': {'metadata': {}}}")) {
      bodies.add(body.replace('\'', '"'));
    }
    bodies.add("{\"a\":".repeat(3_000) + "1" + "}".repeat(3_000));
    bodies.add("{\"kind\":\"" + "x".repeat(1_000_000) + "\"}\n");
    return bodies;
  }

  private static List<Future<?>> everything(SyncBackend backend, LeaseKey key, String token) {
    List<Future<?>> calls = new ArrayList<>();
    backend.watch(key, () -> {});
    calls.add(backend.ping());
    calls.add(backend.find(key));
    calls.add(backend.owns(key, token));
    calls.add(backend.acquire(LeaseRequest.of(key, Planted.secret(), LONG, "o")));
    calls.add(backend.acquire(LeaseRequest.of(key(), token, LONG, "o").waiting(LONG, () -> {})));
    calls.add(backend.extend(key, token, LONG));
    calls.add(backend.list(key.kind(), "", null, 10));
    calls.add(backend.advance(key.name(), 1));
    calls.add(backend.release(key, token));
    calls.add(backend.revoke(key));
    return calls;
  }

  @ParameterizedTest(name = "[{index}]")
  @MethodSource("nonsense")
  void isAnErrorAsLongAsItLasts(String body) {
    JsonObject config = server.config("lease").put("token", Planted.secret()).put("timeout", 2_000);
    LeaseKey key = key();
    SyncBackend backend = open(config);
    String token = Planted.secret();
    take(backend, key, token, LONG);
    for (boolean watchesToo : new boolean[] {false, true}) {
      server.nonsense = verb -> watchesToo || !verb.equals("watch") ? body : null;
      for (SyncBackend asked : List.of(backend, open(config.copy()))) {
        for (Future<?> call : everything(asked, key, token)) {
          Throwable failure = get(call.transform(end -> Future.succeededFuture(end.cause())));
          if (failure == null) {
            assertThat(call.result() instanceof Acquisition.Granted).as("a grant").isFalse();
          } else {
            assertThat(failure)
                .matches(ErrorCode.BACKEND_UNAVAILABLE::is, "BACKEND_UNAVAILABLE")
                .hasMessageNotContaining(Planted.MARKER);
            assertThat(failure.getMessage()).hasSizeLessThan(3_000);
          }
        }
      }
      server.nonsense = verb -> null;
      LeaseKey other = key();
      eventually(
          "an acquire is granted again",
          () ->
              get(
                  backend
                      .acquire(LeaseRequest.of(other, token, LONG, "o"))
                      .map(Acquisition::granted)
                      .otherwise(false)));
      assertThat(get(open(config.copy()).find(other))).isPresent();
    }
  }

  @Test
  void aWatchBeginsOnceTheListMakesSense() {
    LeaseKey key = key();
    SyncBackend backend = open();
    server.nonsense = verb -> verb.equals("list") ? "{\"items\": 5}" : null;
    backend.watch(key, () -> {});
    eventually("it was tried again", () -> server.count("list") > 2);
    assertThat(server.openWatches()).isZero();
    server.nonsense = verb -> null;
    eventually("a watch", () -> server.openWatches() == 1);
  }

  @Test
  void anEventWithoutAVersionEndsTheStreamAndNotTheWatch() {
    LeaseKey key = key();
    SyncBackend backend = open();
    server.nonsense =
        verb ->
            verb.equals("watch")
                ? "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}\n{\"type\":null}\n"
                : null;
    backend.watch(key, () -> {});
    eventually("it was tried again", () -> server.count("watch") > 2);
    server.nonsense = verb -> null;
    eventually("a watch", () -> server.openWatches() == 1);
  }
}
