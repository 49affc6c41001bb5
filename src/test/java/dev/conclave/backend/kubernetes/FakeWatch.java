package dev.conclave.backend.kubernetes;

import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.function.LongSupplier;

/** One watch stream: chunked, an event a line, cut into pieces where it hurts. */
final class FakeWatch {
  private final HttpServerResponse response;
  private final String collection;
  private final Map<String, String> selector;
  private final boolean bookmarks;
  private final long after;
  private final LongSupplier version;
  private final StringBuilder early = new StringBuilder();
  private boolean begun;

  FakeWatch(
      HttpServerResponse response,
      String collection,
      Map<String, String> selector,
      boolean bookmarks,
      long after,
      LongSupplier version) {
    this.response = response;
    this.collection = collection;
    this.selector = selector;
    this.bookmarks = bookmarks;
    this.after = after;
    this.version = version;
  }

  synchronized void begin() {
    begun = true;
    response.setChunked(true).putHeader("Content-Type", "application/json");
    response.writeHead();
    if (!early.isEmpty()) {
      response.write(early.toString());
    }
  }

  void event(FakeObjects.Event event) {
    if (!event.collection().equals(collection)) {
      return;
    }
    boolean before = event.before() != null && FakeObjects.matches(selector, event.before());
    boolean after = event.after() != null && FakeObjects.matches(selector, event.after());
    if (after) {
      send(before ? "MODIFIED" : "ADDED", event.after());
    } else if (before) {
      // What does not match any more is gone for this watch, with the version of the change.
      JsonObject last = event.before().copy();
      last.getJsonObject("metadata").put("resourceVersion", String.valueOf(event.version()));
      send("DELETED", last);
    }
  }

  void bookmark() {
    if (bookmarks && version.getAsLong() >= after) {
      JsonObject metadata =
          new JsonObject().put("resourceVersion", String.valueOf(version.getAsLong()));
      send("BOOKMARK", new JsonObject().put("metadata", metadata));
    }
  }

  void error(JsonObject status) {
    send("ERROR", status);
  }

  void end() {
    response.end();
  }

  void cut() {
    response.write("{\"type\":\"MODIFIED\",\"obj");
    response.reset();
  }

  private synchronized void send(String type, JsonObject object) {
    String line = new JsonObject().put("type", type).put("object", object).encode() + "\n";
    if (!begun) {
      early.append(line);
      return;
    }
    int middle = line.length() / 2;
    response.write(line.substring(0, middle));
    response.write(line.substring(middle));
  }
}
