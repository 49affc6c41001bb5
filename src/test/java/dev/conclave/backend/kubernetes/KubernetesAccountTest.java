package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.failureOf;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who asks, what the account may do, and what a refusal says. */
class KubernetesAccountTest extends FakeApiServerFixture {
  @TempDir Path files;

  private SyncBackend patient() {
    return open(server.config("lease").put("timeout", 60_000));
  }

  @Test
  void aServerThatHasJustStartedRefusesNothingForGood() {
    LeaseKey key = key();
    SyncBackend backend = patient();
    take(backend, key, "token", LONG);
    server.starting = true;
    Future<Boolean> renewal = backend.extend(key, "token", LONG);
    Future<Boolean> register = backend.advance("register", 1);
    eventually("tried again", () -> server.count("update") > 2 && server.count("get") > 2);
    assertThat(renewal.isComplete()).isFalse();
    server.starting = false;
    assertThat(get(renewal)).isTrue();
    assertThat(get(register)).isTrue();
  }

  @Test
  void anAccountThatWasNeverLetInIsRefusedAtOnce() {
    server.starting = true;
    assertThat(failureOf(patient().ping())).matches(ErrorCode.BACKEND_UNAVAILABLE::is);
  }

  @Test
  void aVerbThatWasNeverAllowedIsTriedUntilOneDeadlineIsOver() {
    server.forbidden.add("create");
    SyncBackend backend = open(server.config("lease").put("timeout", 1_000));
    get(backend.ping());
    LeaseRequest request = LeaseRequest.of(key(), "t", LONG, "o");
    assertThat(failureOf(backend.acquire(request))).hasMessageContaining("'create'");
    long before = server.count("create");
    assertThat(before).isGreaterThan(1);
    assertThat(failureOf(backend.acquire(request))).hasMessageContaining("'create'");
    assertThat(server.count("create")).isEqualTo(before + 1);
    server.forbidden.clear();
    assertThat(get(backend.acquire(request)).granted()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "exceeded quota: q, requested: count/leases=1, used: 5, limited: 5 | a quota of namespace",
        "unable to create new content because it is being terminated | is being deleted",
        "admission webhook \"policy.example\" denied the request | was refused",
        "User \"me\" cannot update resource \"leases\" | is missing in the role"
      })
  void aRefusalBeginsWithTheServersWordsAndTellsItsKind(String words, String kind) {
    LeaseKey key = key();
    SyncBackend backend = open(server.config("lease").put("timeout", 2_000));
    take(backend, key, "token", LONG);
    String whole = "leases \"x\" is forbidden: " + "because ".repeat(60) + words;
    server.forbiddenWords = whole;
    server.forbidden.add("update");
    long before = server.count("update");
    assertThat(failureOf(backend.extend(key, "token", LONG)))
        .matches(ErrorCode.BACKEND_UNAVAILABLE::is)
        .hasMessageStartingWith(whole + ": forbidden (403), ")
        .hasMessageContaining(kind)
        .hasMessageContaining("team-a");
    if (kind.contains("quota") || kind.contains("deleted")) {
      assertThat(server.count("update")).as("tried once").isEqualTo(before + 1);
    }
  }

  @Test
  void anEmptyTokenFileIsUnreadable() throws IOException {
    Path file = Files.writeString(files.resolve("token"), "the-token");
    server.token = "the-token";
    SyncBackend backend =
        open(server.config("lease").put("timeout", 60_000).put("tokenFile", file.toString()));
    LeaseKey key = key();
    take(backend, key, "token", LONG);
    Files.writeString(file, " \n");
    server.token = "the-next-token";
    assertThat(failureOf(backend.extend(key, "token", LONG))).hasMessageContaining("401");
    server.token = "the-token"; // an old token still holds when a new one is made
    assertThat(get(backend.extend(key, "token", LONG))).isTrue();
    assertThat(failureOf(open(server.config("lease").put("tokenFile", file.toString())).ping()))
        .hasMessageContainingAll(file.toString(), "missing or empty");
  }

  @Test
  void everyRequestSaysWhoAsks() {
    LeaseKey key = key();
    SyncBackend backend = open();
    follow(backend, key);
    take(backend, key, "token", LONG);
    assertThat(server.userAgents).hasSize(1);
    assertThat(server.userAgents.iterator().next()).matches("conclave/[0-9]+[.][0-9]+[.][0-9]+.*");
  }
}
