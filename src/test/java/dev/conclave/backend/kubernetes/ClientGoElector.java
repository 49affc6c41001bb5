package dev.conclave.backend.kubernetes;

import dev.conclave.backend.kubernetes.object.LeaderRecord;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;

/**
 * An elector by the rules of client-go's package {@code leaderelection}, written from them, with
 * blocking calls and a wall clock of its own that is wrong by some years.
 *
 * <ol>
 *   <li>Who believes to lead and whose record is still valid updates it, keeping acquireTime and
 *       transitions.
 *   <li>Otherwise it reads; what does not exist it creates.
 *   <li>A record that differs from the observed one is observed now.
 *   <li>Another holder is alive for leaseDurationSeconds from that observation on.
 *   <li>Otherwise it updates, with one transition more unless the holder was itself.
 * </ol>
 */
final class ClientGoElector {
  private static final int LEASE_SECONDS = 1;

  private final HttpClient http = HttpClient.newHttpClient();
  private final String url;
  private final String collection;
  private final String name;
  private final String identity;
  private final Duration clockError;
  private JsonObject object;
  private JsonObject observed = new JsonObject();
  private long observedAt;

  ClientGoElector(String url, String collection, String name, String identity, Duration error) {
    this.url = url;
    this.collection = collection;
    this.name = name;
    this.identity = identity;
    this.clockError = error;
  }

  String identity() {
    return identity;
  }

  boolean tryAcquireOrRenew() {
    String now = LeaderRecord.time(Instant.now().plus(clockError));
    JsonObject record =
        new JsonObject()
            .put("holderIdentity", identity)
            .put("leaseDurationSeconds", LEASE_SECONDS)
            .put("acquireTime", now)
            .put("renewTime", now)
            .put("leaseTransitions", 0);
    if (isLeader() && isValid()) {
      JsonObject fast =
          record
              .copy()
              .put("acquireTime", observed.getString("acquireTime"))
              .put("leaseTransitions", observed.getInteger("leaseTransitions"));
      if (update(fast)) {
        return true;
      }
    }
    HttpResponse<String> found = send("GET", "/" + name, null);
    if (found.statusCode() == 404) {
      return create(record);
    }
    object = new JsonObject(found.body());
    JsonObject old = object.getJsonObject("spec", new JsonObject());
    if (!old.equals(observed)) {
      observe(old);
    }
    String holder = old.getString("holderIdentity", "");
    if (!holder.isEmpty() && isValid() && !isLeader()) {
      return false;
    }
    int transitions = old.getInteger("leaseTransitions", 0);
    if (isLeader()) {
      record.put("acquireTime", old.getString("acquireTime"));
      record.put("leaseTransitions", transitions);
    } else {
      record.put("leaseTransitions", transitions + 1);
    }
    return update(record);
  }

  boolean release() {
    if (!isLeader()) {
      return true;
    }
    String now = LeaderRecord.time(Instant.now().plus(clockError));
    return update(
        new JsonObject()
            .put("holderIdentity", "")
            .put("leaseDurationSeconds", 1)
            .put("acquireTime", now)
            .put("renewTime", now)
            .put("leaseTransitions", observed.getInteger("leaseTransitions")));
  }

  private boolean isLeader() {
    return identity.equals(observed.getString("holderIdentity"));
  }

  private boolean isValid() {
    long lease = Duration.ofSeconds(observed.getInteger("leaseDurationSeconds", 0)).toNanos();
    return System.nanoTime() - observedAt < lease;
  }

  private void observe(JsonObject record) {
    observed = record.copy();
    observedAt = System.nanoTime();
  }

  private boolean create(JsonObject record) {
    JsonObject made =
        new JsonObject()
            .put("apiVersion", "coordination.k8s.io/v1")
            .put("kind", "Lease")
            .put(
                "metadata",
                new JsonObject().put("name", name).put("namespace", FakeApiServer.NAMESPACE))
            .put("spec", record);
    return taken(send("POST", "", made));
  }

  private boolean update(JsonObject record) {
    return taken(send("PUT", "/" + name, object.copy().put("spec", record)));
  }

  private boolean taken(HttpResponse<String> answer) {
    if (answer.statusCode() != 200 && answer.statusCode() != 201) {
      return false;
    }
    object = new JsonObject(answer.body());
    observe(object.getJsonObject("spec"));
    return true;
  }

  private HttpResponse<String> send(String method, String path, JsonObject body) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(url + collection + path))
              .header("Content-Type", "application/json")
              .method(
                  method,
                  body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
              .build(),
          BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
