package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A fresh fake API server for every test, and backends on it. */
@ExtendWith(VertxExtension.class)
abstract class FakeApiServerFixture {
  static final Duration LONG = Duration.ofSeconds(60);

  private final List<SyncBackend> opened = new ArrayList<>();
  Vertx vertx;
  FakeApiServer server;

  @BeforeEach
  void openServer(Vertx vertx) {
    this.vertx = vertx;
    server = FakeApiServer.start();
  }

  @AfterEach
  void closeAll() {
    opened.forEach(backend -> get(backend.close()));
    server.close();
  }

  KubernetesBackend open() {
    return open(server.config("lease"));
  }

  KubernetesBackend open(JsonObject config) {
    KubernetesBackend backend =
        (KubernetesBackend) new KubernetesBackendFactory().create(vertx, config);
    opened.add(backend);
    return backend;
  }

  /** Lets the backend watch a kind of keys, and waits until it does. */
  void follow(SyncBackend backend, LeaseKey key) {
    int before = server.openWatches();
    get(backend.find(key));
    eventually("a watch", () -> server.openWatches() > before);
  }

  static LeaseKey key() {
    return LeaseKey.leader("election-" + UUID.randomUUID());
  }

  static Acquisition ask(SyncBackend backend, LeaseKey key, String token, Duration duration) {
    return get(backend.acquire(LeaseRequest.of(key, token, duration, "owner")));
  }

  static long take(SyncBackend backend, LeaseKey key, String token, Duration duration) {
    return ((Acquisition.Granted) ask(backend, key, token, duration)).fencingToken();
  }

  JsonObject stored(LeaseKey key) {
    return server.objects.only(Names.of(key));
  }

  static JsonObject spec(JsonObject lease) {
    return lease.getJsonObject("spec");
  }

  static String annotation(JsonObject object, String name) {
    return Resource.annotations(object).getString(name);
  }

  /** Writes an object as another client would. */
  void write(JsonObject object) {
    String name = object.getJsonObject("metadata").getString("name");
    int status = server.objects.update(FakeApiServer.LEASES, name, object).status();
    if (status != 200) {
      throw new AssertionError("the write was answered with " + status);
    }
  }
}
