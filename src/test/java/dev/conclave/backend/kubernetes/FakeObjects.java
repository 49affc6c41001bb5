package dev.conclave.backend.kubernetes;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The store of an API server, by the API conventions: versions, uids, creation times in whole
 * seconds, validation, paging, and the history that watches are served from.
 */
final class FakeObjects {
  /** An answer: a status and what goes with it. */
  record Result(int status, JsonObject body) {}

  /** One change, before and after; either may be null. */
  record Event(long version, String collection, JsonObject before, JsonObject after) {}

  private final Map<String, JsonObject> objects = new TreeMap<>();
  private final List<Event> history = new ArrayList<>();
  private final List<Consumer<Event>> subscribers = new CopyOnWriteArrayList<>();
  private long version = 1000;
  private long oldest;

  /** The server's clock. */
  volatile Supplier<Instant> clock = Instant::now;

  /**
   * Whether a PUT that names a uid is refused when no such object exists; older servers did not.
   */
  volatile boolean checksUid = true;

  synchronized Result get(String collection, String name) {
    JsonObject found = objects.get(collection + "/" + name);
    return found == null ? status(404, "not found") : new Result(200, found.copy());
  }

  synchronized Result create(String collection, JsonObject object) {
    JsonObject metadata = object.getJsonObject("metadata", new JsonObject());
    if (metadata.getString("resourceVersion") != null) {
      return status(400, "resourceVersion should not be set on objects to be created");
    }
    Result invalid = FakeValidation.check(collection, object);
    if (invalid != null) {
      return invalid;
    }
    String path = collection + "/" + metadata.getString("name");
    if (objects.containsKey(path)) {
      return status(409, "already exists");
    }
    return new Result(201, put(collection, path, object, null));
  }

  synchronized Result update(String collection, String name, JsonObject object) {
    JsonObject metadata = object.getJsonObject("metadata", new JsonObject());
    if (!name.equals(metadata.getString("name"))) {
      return status(400, "the name of the object does not match the name on the URL");
    }
    Result invalid = FakeValidation.check(collection, object);
    if (invalid != null) {
      return invalid;
    }
    boolean lease = collection.endsWith("/leases");
    String path = collection + "/" + name;
    JsonObject found = objects.get(path);
    String sent = metadata.getString("resourceVersion");
    String uid = metadata.getString("uid");
    if (found == null) {
      if (checksUid && uid != null) {
        return status(409, "Precondition failed: UID in precondition: " + uid);
      }
      return lease
          ? new Result(201, put(collection, path, object, null))
          : status(404, "not found");
    }
    if (sent == null && lease) {
      return status(422, "metadata.resourceVersion: must be specified for an update");
    }
    JsonObject known = found.getJsonObject("metadata");
    if (sent != null && !sent.equals(known.getString("resourceVersion"))) {
      return status(409, "the object has been modified");
    }
    if (uid != null && !uid.equals(known.getString("uid"))) {
      return status(409, "Precondition failed: UID");
    }
    return new Result(200, put(collection, path, object, found));
  }

  /** What kubectl delete does. */
  synchronized void delete(String collection, String name) {
    JsonObject gone = objects.remove(collection + "/" + name);
    if (gone != null) {
      gone.getJsonObject("metadata").put("resourceVersion", String.valueOf(++version));
      tell(new Event(version, collection, gone, null));
    }
  }

  /** One page of a collection, ordered by name. */
  synchronized Result list(String collection, Map<String, String> selector, int limit, String at) {
    String after = "";
    if (!at.isEmpty()) {
      String[] parts = new String(Base64.getDecoder().decode(at)).split("\n", 2);
      if (Long.parseLong(parts[0]) < oldest) {
        JsonObject gone = status(410, "the provided continue parameter is too old").body();
        gone.put("metadata", new JsonObject().put("continue", token(version, parts[1])));
        return new Result(410, gone);
      }
      after = parts[1];
    }
    JsonArray items = new JsonArray();
    String next = null;
    for (Map.Entry<String, JsonObject> entry : objects.entrySet()) {
      String name = entry.getKey().substring(entry.getKey().lastIndexOf('/') + 1);
      if (!entry.getKey().equals(collection + "/" + name)
          || name.compareTo(after) <= 0
          || !matches(selector, entry.getValue())) {
        continue;
      }
      if (limit > 0 && items.size() == limit) {
        JsonObject last = items.getJsonObject(items.size() - 1).getJsonObject("metadata");
        next = token(version, last.getString("name"));
        break;
      }
      JsonObject item = entry.getValue().copy();
      item.remove("kind"); // items of a typed list do not say what they are
      item.remove("apiVersion");
      items.add(item);
    }
    JsonObject metadata = new JsonObject().put("resourceVersion", String.valueOf(version));
    if (next != null) {
      metadata.put("continue", next);
    }
    return new Result(
        200, new JsonObject().put("kind", "List").put("metadata", metadata).put("items", items));
  }

  /**
   * Everything after a version, and all that comes: null when the past is not known any more.
   *
   * @return what ends it
   */
  synchronized Runnable subscribe(long after, Consumer<Event> subscriber) {
    if (after < oldest) {
      return null;
    }
    history.stream().filter(event -> event.version > after).forEach(subscriber);
    // A version of the future is accepted in silence until it is reached.
    Consumer<Event> later =
        event -> {
          if (event.version > after) {
            subscriber.accept(event);
          }
        };
    subscribers.add(later);
    return () -> subscribers.remove(later);
  }

  /** Takes a backup. Run it to restore it: objects and versions are those of now again. */
  synchronized Runnable backup() {
    Map<String, JsonObject> saved = new TreeMap<>();
    objects.forEach((path, object) -> saved.put(path, object.copy()));
    long at = version;
    return () -> restore(saved, at);
  }

  private synchronized void restore(Map<String, JsonObject> saved, long at) {
    objects.clear();
    saved.forEach((path, object) -> objects.put(path, object.copy()));
    history.clear();
    version = at;
    oldest = Math.min(oldest, at);
  }

  /** Forgets the past, as etcd's compaction does. */
  synchronized void compact() {
    history.clear();
    oldest = ++version;
  }

  synchronized long version() {
    return version;
  }

  /** The only object of the collection, by its name's beginning. */
  synchronized JsonObject only(String nameBegins) {
    List<JsonObject> found =
        objects.values().stream()
            .filter(o -> o.getJsonObject("metadata").getString("name").startsWith(nameBegins))
            .toList();
    if (found.size() != 1) {
      throw new AssertionError(found.size() + " objects begin with " + nameBegins);
    }
    return found.get(0).copy();
  }

  static boolean matches(Map<String, String> selector, JsonObject object) {
    JsonObject labels = object.getJsonObject("metadata").getJsonObject("labels", new JsonObject());
    return selector.entrySet().stream()
        .allMatch(e -> e.getValue().equals(labels.getString(e.getKey())));
  }

  static Result status(int code, String message) {
    return new Result(
        code,
        new JsonObject()
            .put("kind", "Status")
            .put("apiVersion", "v1")
            .put("status", "Failure")
            .put("code", code)
            .put("message", message));
  }

  private JsonObject put(String collection, String path, JsonObject sent, JsonObject found) {
    JsonObject object = FakeValidation.pruned(collection, sent.copy());
    JsonObject metadata = object.getJsonObject("metadata");
    if (found != null) {
      JsonObject known = found.getJsonObject("metadata");
      metadata.put("uid", known.getString("uid"));
      metadata.put("creationTimestamp", known.getString("creationTimestamp"));
      metadata.put("resourceVersion", known.getString("resourceVersion"));
      metadata.put("managedFields", known.getJsonArray("managedFields"));
      if (object.equals(found)) {
        return found.copy(); // a write that changes nothing makes no version
      }
    } else {
      metadata.put("uid", UUID.randomUUID().toString());
      metadata.put("creationTimestamp", clock.get().truncatedTo(ChronoUnit.SECONDS).toString());
      metadata.put("managedFields", new JsonArray().add(new JsonObject().put("manager", "java")));
    }
    metadata.put("resourceVersion", String.valueOf(++version));
    objects.put(path, object);
    tell(new Event(version, collection, found, object));
    return object.copy();
  }

  private void tell(Event event) {
    history.add(event);
    subscribers.forEach(subscriber -> subscriber.accept(event));
  }

  private static String token(long version, String name) {
    return Base64.getEncoder().encodeToString((version + "\n" + name).getBytes());
  }
}
