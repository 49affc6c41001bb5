package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.FakeApiServer.Fault;
import dev.conclave.backend.kubernetes.FakeApiServer.Trouble;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.Planted;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lost races, lost answers, deleted objects, and an API server that is not well. */
class KubernetesTroubleTest extends FakeApiServerFixture {
  @TempDir Path files;

  @Test
  void aLostRaceIsNotAnError() {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "token", LONG);
    for (int i = 0; i < 5; i++) {
      JsonObject lease = stored(key);
      Resource.annotations(lease).put("note", "n" + i);
      write(lease);
      assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    }
    server.fail("update", 409, null);
    assertThat(get(backend.release(key, "token"))).isTrue();
    server.fail("create", 409, null);
    take(backend, key(), "token", LONG);
    server.fail("create", 409, null);
    assertThat(get(backend.advance("register", 1))).isTrue();
  }

  @Test
  void conflictsInARowAreTriedAtAGrowingDistance() {
    LeaseKey key = key();
    SyncBackend backend = open(server.config("lease").put("timeout", 2_000));
    take(backend, key, "token", LONG);
    server.weather =
        verb -> verb.equals("update") ? new Fault(verb, Trouble.STATUS, 409, null) : null;
    long before = server.count("update");
    assertThat(failureOf(backend.extend(key, "token", LONG)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(server.count("update") - before).isBetween(3L, 15L);
    server.weather =
        verb -> verb.equals("create") ? new Fault(verb, Trouble.STATUS, 409, null) : null;
    before = server.count("create");
    assertThat(failureOf(backend.advance("register", 1)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("was changed by other clients at each of");
    assertThat(server.count("create") - before).isBetween(3L, 15L);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDeletedLeaseIsLostAndNotRevived(boolean checksUid) {
    server.objects.checksUid = checksUid;
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = take(backend, key, "token", LONG);
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    assertThat(get(backend.extend(key, "token", LONG))).isFalse();
    assertThat(get(backend.owns(key, "token"))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
    assertThat(get(backend.release(key, "token"))).isFalse();
    assertThat(take(backend, key, "token", LONG)).isGreaterThan(fence);
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    assertThat(get(backend.release(key, "token"))).isFalse();
    assertThat(get(backend.find(key))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void acquiringWhatWasDeletedIsANewHolding(boolean checksUid) {
    server.objects.checksUid = checksUid;
    LeaseKey key = key();
    SyncBackend backend = open();
    long fence = take(backend, key, "token", LONG);
    server.objects.delete(FakeApiServer.LEASES, Names.of(key));
    long next = take(backend, key, "token", LONG);
    assertThat(next).isGreaterThan(fence);
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    assertThat(get(open().find(key)).orElseThrow().fencingToken()).isEqualTo(next);
  }

  @Test
  void aDeletedConfigMapIsLostToo() {
    LeaseKey key = key();
    SyncBackend backend = open(server.config("configmap"));
    long fence = take(backend, key, "token", LONG);
    server.objects.delete(FakeApiServer.CONFIGMAPS, Names.of(key));
    assertThat(get(backend.extend(key, "token", LONG))).isFalse();
    assertThat(take(backend, key, "token", LONG)).isGreaterThan(fence);
  }

  @Test
  void whoSawItDeletedExceedsItThoughAnotherRecreatesItInTheSameSecond() {
    Instant second = Instant.now();
    server.objects.clock = () -> second;
    LeaseKey key = key();
    SyncBackend holder = open();
    SyncBackend witness = open();
    follow(witness, key);
    long[] fence = new long[1];
    for (int i = 0; i < 3; i++) {
      fence[0] = take(holder, key, "t" + i, LONG);
      get(holder.release(key, "t" + i));
    }
    take(holder, key, "last", Duration.ofSeconds(1));
    String name = Names.of(key);
    eventually("the witness knows", () -> !get(witness.find(key)).isEmpty());
    server.objects.delete(FakeApiServer.LEASES, name);
    eventually(
        "its holder has run out",
        () ->
            ask(witness, key, "witness", LONG) instanceof Acquisition.Granted granted
                && granted.fencingToken() > fence[0] + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lease", "configmap"})
  void aLostAnswerIsFoundOut(String resource) {
    LeaseKey key = key();
    SyncBackend backend = open(server.config(resource));
    server.fail("create", Trouble.CUT_AFTER);
    long fence = take(backend, key, "token", LONG);
    server.fail("update", Trouble.CUT_AFTER);
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    server.fail("update", Trouble.CUT_AFTER);
    assertThat(get(backend.release(key, "token"))).isTrue();
    assertThat(get(backend.find(key))).isEmpty();
    server.fail("update", Trouble.CUT_AFTER);
    assertThat(take(backend, key, "next", LONG)).isEqualTo(fence + 1);
    server.fail("update", Trouble.CUT_AFTER);
    assertThat(get(backend.revoke(key))).isTrue();
    server.fail("create", Trouble.CUT_AFTER);
    assertThat(get(backend.advance("register", 5))).isTrue();
    server.fail("update", Trouble.CUT_AFTER);
    assertThat(get(backend.advance("register", 6))).isTrue();
    assertThat(server.faults).isEmpty();
  }

  /** What happens meanwhile takes its time on a busy machine. */
  private JsonObject patient(String resource) {
    return server.config(resource).put("timeout", 60_000);
  }

  /** The write is carried out, its answer lost, and before the next try something else happens. */
  private <T> Future<T> overtaken(Supplier<Future<T>> call, Runnable meanwhile) {
    server.fail("update", Trouble.CUT_AFTER);
    server.fail("update", Trouble.HELD);
    Future<T> answer = call.get();
    eventually("its next try is on its way", () -> !server.held.isEmpty());
    meanwhile.run();
    server.held.remove().run();
    return answer;
  }

  @ParameterizedTest
  @ValueSource(strings = {"lease", "configmap"})
  void aLostAnswerIsFoundOutAlsoWhenOthersHaveWrittenSince(String resource) {
    LeaseKey key = key();
    SyncBackend backend = open(patient(resource));
    SyncBackend other = open(server.config(resource));
    take(backend, key, "token", LONG);
    assertThat(
            get(
                overtaken(
                    () -> backend.release(key, "token"), () -> take(other, key, "next", LONG))))
        .isTrue();
    assertThat(get(overtaken(() -> backend.revoke(key), () -> take(other, key, "another", LONG))))
        .isTrue();
    get(backend.advance("register", 1));
    assertThat(
            get(
                overtaken(
                    () -> backend.advance("register", 5),
                    () -> assertThat(get(other.advance("register", 6))).isTrue())))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lease", "configmap"})
  void whatWasGrantedAndTakenAwayBeforeTheAnswerIsNeitherYesNorNo(String resource) {
    LeaseKey key = key();
    SyncBackend backend = open(patient(resource));
    SyncBackend other = open(server.config(resource));
    Runnable takenAway =
        () -> {
          assertThat(get(other.revoke(key))).isTrue();
          take(other, key, "other", LONG);
        };
    take(backend, key, "token", LONG);
    assertThat(failureOf(overtaken(() -> backend.extend(key, "token", LONG), takenAway)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll("was lost", Names.of(key));
    assertThat(get(backend.extend(key, "token", LONG))).isFalse();
    get(other.release(key, "other"));
    LeaseRequest again = LeaseRequest.of(key, "again", LONG, "owner");
    assertThat(failureOf(overtaken(() -> backend.acquire(again), takenAway)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(get(backend.acquire(again)).granted()).isFalse();
  }

  @Test
  void anAnswerThatAWatchHasOvertakenTellsItsOwnFencingToken() {
    LeaseKey key = key();
    SyncBackend backend = open();
    SyncBackend other = open();
    take(backend, key, "before", LONG);
    get(backend.release(key, "before"));
    LeaseRequest request = LeaseRequest.of(key, "late", Duration.ofMillis(100), "owner");
    Future<Acquisition> late =
        overtakenByAWatch(key, backend, other, "update", () -> backend.acquire(request));
    long mine = ((Acquisition.Granted) get(late)).fencingToken();
    assertThat(mine).isLessThan(take(other, key, "next", LONG));
    assertThat(ask(backend, key, "late", LONG).granted()).isFalse();
  }

  @Test
  void whatWasReadAndThenOvertakenByAWatchIsNotTakenForNews() {
    LeaseKey key = key();
    SyncBackend backend = open();
    SyncBackend other = open();
    take(backend, key, "late", Duration.ofMillis(100));
    Future<Boolean> owns =
        overtakenByAWatch(key, backend, other, "get", () -> backend.owns(key, "late"));
    assertThat(get(owns)).isFalse();
  }

  /** What a call comes to that is carried out, and answered when the lease has run out and gone. */
  private <T> Future<T> overtakenByAWatch(
      LeaseKey key, SyncBackend backend, SyncBackend other, String verb, Supplier<Future<T>> call) {
    AtomicInteger hints = new AtomicInteger();
    follow(other, key);
    backend.watch(key, hints::incrementAndGet);
    server.fail(verb, Trouble.HELD_AFTER);
    Future<T> late = call.get();
    eventually("it is carried out", () -> !server.held.isEmpty());
    eventually("it has run out", () -> ask(other, key, "next", LONG).granted());
    int seen = hints.get();
    get(other.release(key, "next"));
    eventually("the watch says so", () -> hints.get() > seen);
    take(other, key, "next", LONG);
    eventually("and who is next", () -> hints.get() > seen + 1);
    server.held.poll().run();
    return late;
  }

  @Test
  void anElectorThatWritesOnTopAndLeavesOurAnnotationsIsSeenByItsName() {
    LeaseKey key = key();
    SyncBackend backend = open(patient("lease"));
    Runnable takesOver =
        () -> {
          JsonObject lease = stored(key);
          spec(lease).put("holderIdentity", "client-go").put("leaseDurationSeconds", 60);
          write(lease);
        };
    take(backend, key, "token", LONG);
    assertThat(get(overtaken(() -> backend.release(key, "token"), takesOver))).isTrue();
    get(backend.revoke(key));
    LeaseRequest again = LeaseRequest.of(key, "again", LONG, "owner");
    assertThat(failureOf(overtaken(() -> backend.acquire(again), takesOver)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(get(backend.acquire(again)).granted()).isFalse();
  }

  @Test
  void whatIsBuriedUnderTheWritesOfOthersIsNotDeniedNorDoneTwice() {
    LeaseKey key = key();
    SyncBackend backend = open(patient("lease"));
    SyncBackend other = open();
    Runnable manyWrites =
        () -> {
          for (int i = 0; i < 10; i++) {
            take(other, key, "other" + i, LONG);
            get(other.release(key, "other" + i));
          }
          take(other, key, "last", LONG);
        };
    take(backend, key, "token", LONG);
    assertThat(failureOf(overtaken(() -> backend.release(key, "token"), manyWrites)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll("was lost", Names.of(key));
    assertThat(failureOf(overtaken(() -> backend.revoke(key), manyWrites)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
    assertThat(get(other.owns(key, "last"))).isTrue();
    get(backend.advance("register", 1));
    assertThat(
            failureOf(
                overtaken(
                    () -> backend.advance("register", 5),
                    () -> {
                      for (int mark = 6; mark < 26; mark++) {
                        assertThat(get(other.advance("register", mark))).isTrue();
                      }
                    })))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is);
  }

  @Test
  void brokenConnectionsAndSlowAnswersAreSurvived() {
    LeaseKey key = key();
    SyncBackend backend = open();
    server.fail("create", Trouble.CUT_BEFORE);
    server.fail("create", Trouble.CUT_BEFORE);
    take(backend, key, "token", LONG);
    server.fail("get", Trouble.CUT_AFTER);
    assertThat(get(backend.owns(key, "token"))).isTrue();
    server.fail("update", Trouble.SLOW);
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
  }

  @Test
  void tooManyRequestsAndServerErrorsAreTriedAgain() {
    LeaseKey key = key();
    SyncBackend backend = open();
    server.fail("create", 429, "0");
    server.fail("create", 503, null);
    server.fail("create", 500, null);
    take(backend, key, "token", LONG);
    long before = System.nanoTime();
    server.fail("update", 429, "1");
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isGreaterThanOrEqualTo(Duration.ofMillis(990));
    assertThat(server.faults).isEmpty();
  }

  @Test
  void aPauseBeyondTheDeadlineIsNotWaitedFor() {
    SyncBackend backend = open();
    server.fail("create", 429, "3600");
    assertThat(failureOf(backend.acquire(LeaseRequest.of(key(), "t", LONG, "o"))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll("429", "create leases.coordination.k8s.io", "team-a");
  }

  @Test
  void whatIsNeverAnsweredEndsAtTheTimeoutAndTheNextGoesOn() {
    LeaseKey key = key();
    SyncBackend backend = open(server.config("lease").put("timeout", 300));
    take(backend, key, "token", LONG);
    server.fail("update", Trouble.HANG);
    Future<Boolean> hangs = backend.extend(key, "token", LONG);
    Future<Boolean> behind = backend.extend(key, "token", LONG);
    assertThat(failureOf(hangs))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("300 ms");
    eventually("the one behind ends", behind::isComplete);
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
  }

  @Test
  void anUnreachableServerIsAnErrorThatNamesIt() {
    JsonObject config = server.config("lease").put("apiServer", "http://127.0.0.1:1");
    assertThat(failureOf(open(config).ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("http://127.0.0.1:1");
  }

  @Test
  void aNamespaceThatIsNotThereIsNamed() {
    SyncBackend backend = open(server.config("lease").put("namespace", "nowhere"));
    assertThat(failureOf(backend.acquire(LeaseRequest.of(key(), "t", LONG, "o"))))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContaining("nowhere");
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "list", "create", "update"})
  void aMissingPermissionIsNamed(String verb) {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "token", LONG);
    server.forbidden.add(verb);
    Future<?> call =
        switch (verb) {
          case "get" -> backend.find(key);
          case "list" -> backend.ping();
          case "create" -> backend.acquire(LeaseRequest.of(key(), "t", LONG, "o"));
          default -> backend.extend(key, "token", LONG);
        };
    assertThat(failureOf(call))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll(
            "403", "'" + verb + "'", "'leases.coordination.k8s.io'", "'team-a'");
  }

  @Test
  void aTokenThatWasReplacedIsReadAgain() throws IOException {
    Path file = Files.writeString(files.resolve("token"), "first-token\n");
    server.token = "first-token";
    LeaseKey key = key();
    SyncBackend backend = open(server.config("lease").put("tokenFile", file.toString()));
    take(backend, key, "token", LONG);
    Files.writeString(file, "second-token\n");
    server.token = "second-token";
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    server.cutWatches();
    eventually("the watch is back", () -> server.openWatches() == 1);
  }

  @Test
  void aRefusedTokenIsTriedOnceAndNeverShown() throws IOException {
    Path file = Files.writeString(files.resolve("token"), Planted.MARKER);
    server.token = "right";
    for (JsonObject config :
        new JsonObject[] {
          server.config("lease").put("tokenFile", file.toString()),
          server.config("lease").put("token", Planted.MARKER)
        }) {
      long before = server.count("list");
      assertThat(failureOf(open(config).ping()))
          .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
          .hasMessageContaining("401")
          .hasMessageNotContaining(Planted.MARKER);
      assertThat(server.count("list")).isEqualTo(before + 1);
    }
  }

  @Test
  void aMissingFileIsNamedAndLookedForAgain() throws IOException {
    Path file = files.resolve("late");
    server.token = "late-token";
    SyncBackend backend = open(server.config("lease").put("tokenFile", file.toString()));
    assertThat(failureOf(backend.ping())).hasMessageContaining(file.toString());
    Files.writeString(file, "late-token");
    get(backend.ping());
  }

  @Test
  void anUncontendedRoundIsThreeRequests() {
    LeaseKey key = key();
    SyncBackend backend = open();
    take(backend, key, "token", LONG);
    get(backend.extend(key, "token", LONG));
    get(backend.release(key, "token"));
    take(backend, key, "next", LONG);
    assertThat(server.requests.stream().filter(r -> !r.matches("(list|watch) ")))
        .hasSize(4)
        .noneMatch(r -> r.startsWith("get"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenFile", "caFile"})
  void aDiskThatHangsDelaysNoCallLongerThanTheTimeout(String file) throws Exception {
    Path pipe = files.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    JsonObject config = server.config("lease").put("timeout", 300).put(file, pipe.toString());
    KubernetesBackend backend = open(config);
    for (int i = 0; i < 30; i++) { // more often than there are threads to read files
      backend.extend(key(), "token", LONG);
    }
    assertThat(failureOf(backend.ping()))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageContainingAll("the disk with the ", "within 300 ms");
    get(vertx.fileSystem().readFile("pom.xml"));
    Future<Void> called = backend.ping();
    get(backend.close());
    assertThat(failureOf(called)).matches(ErrorCode.CLOSED::is);
    Files.writeString(pipe, "secret"); // the pending read completes
  }
}
