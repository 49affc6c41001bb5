package dev.conclave.backend.kubernetes;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.backend.kubernetes.api.EventStream;
import dev.conclave.backend.kubernetes.api.KubernetesRequest;
import dev.conclave.backend.kubernetes.api.KubernetesResponse;
import dev.conclave.backend.kubernetes.object.Annotations;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.backend.kubernetes.object.StoredObject;
import dev.conclave.time.Backoff;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * The shared watch on all leases of one kind: it keeps the observations fresh, so that a holder's
 * time is counted without any request, and it is the source of the hints. To be used on one thread.
 *
 * <ol>
 *   <li>List, page by page; what was known and is not listed is gone.
 *   <li>Watch from the list's {@code resourceVersion} on; every event and bookmark moves it.
 *   <li>When the stream ends or breaks, go on from the last {@code resourceVersion}: nothing is
 *       lost. When the server does not have it any more (410), list again.
 *   <li>When the stream was silent, list again too: a connection may be dead without a sign, and
 *       after etcd was restored from a backup a server accepts a version that it has not reached
 *       yet, and sends nothing. When an answer shows that history went back, list again at once.
 *   <li>After a failure, pause: longer each time, with jitter, and at least as long as {@code
 *       Retry-After} says. The first failure of a series is logged, and so is the end of the
 *       series. It never gives up before it is closed.
 * </ol>
 */
final class KindWatch {
  private static final Logger LOG = System.getLogger(KindWatch.class.getName());
  private static final String PAGE = "500";

  /**
   * How many seconds the server should keep a stream open; jittered, so that not all clients
   * reconnect at once.
   */
  private static final int STREAM_SECONDS = 240;

  /** Bookmarks come about once a minute; a connection that is silent for longer is dead. */
  private static final Duration SILENCE = Duration.ofSeconds(90);

  private static final Backoff BACKOFF =
      Backoff.jittered(Duration.ofMillis(100), Duration.ofSeconds(10));

  private final Scheduler scheduler;
  private final ApiClient api;
  private final Resource resource;
  private final LeaseKey.Kind kind;
  private final Duration timeout;
  private final Observations observations;
  private final Duration silence;
  private EventStream stream;
  private String resourceVersion;
  private boolean outdated;
  private int failures;
  private boolean interrupted;
  private long listBegan;
  private boolean closed;

  KindWatch(
      Scheduler scheduler,
      ApiClient api,
      Resource resource,
      LeaseKey.Kind kind,
      Duration timeout,
      Observations observations) {
    this(scheduler, api, resource, kind, timeout, observations, SILENCE);
  }

  KindWatch(
      Scheduler scheduler,
      ApiClient api,
      Resource resource,
      LeaseKey.Kind kind,
      Duration timeout,
      Observations observations,
      Duration silence) {
    this.scheduler = scheduler;
    this.api = api;
    this.resource = resource;
    this.kind = kind;
    this.timeout = timeout;
    this.observations = observations;
    this.silence = silence;
  }

  /** Chooses the objects of a kind. */
  static String selector(LeaseKey.Kind kind) {
    return Annotations.MANAGED_BY
        + "="
        + Annotations.CONCLAVE
        + ","
        + Annotations.KIND
        + "="
        + kind.id();
  }

  void start() {
    if (!closed) {
      outdated = false;
      listBegan = scheduler.nanoTime();
      list("");
    }
  }

  /** Lists anew: the known versions belong to a history that was replaced. */
  void listAnew() {
    if (outdated || closed) {
      return;
    }
    outdated = true;
    LOG.log(Level.WARNING, "versions went back: listing {0} leases anew", kind.id());
    if (stream != null) {
      stream.cancel(new EventStream.Gone("versions went back"));
    }
  }

  void close() {
    closed = true;
    if (stream != null) {
      stream.cancel(new IllegalStateException("closed"));
    }
  }

  private void list(String page) {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("labelSelector", selector(kind));
    parameters.put("limit", PAGE);
    if (!page.isEmpty()) {
      parameters.put("continue", page);
    }
    KubernetesRequest call = KubernetesRequest.list(parameters);
    api.send(call, new Deadline(scheduler, timeout))
        .compose(
            answer ->
                answer.status() == KubernetesResponse.OK
                        || answer.status() == KubernetesResponse.GONE
                    ? Future.succeededFuture(answer)
                    : Future.failedFuture(api.failures().of(call, answer.status(), "")))
        .map(
            answer -> {
              listed(answer);
              return null;
            })
        .onFailure(failure -> later(failure, this::start));
  }

  private void listed(KubernetesResponse answer) {
    if (closed) {
      return;
    }
    if (answer.status() == KubernetesResponse.GONE) {
      later(EventStream.Gone.tooOld(), this::start);
      return;
    }
    JsonArray items = answer.body().getJsonArray("items", new JsonArray());
    for (int i = 0; i < items.size(); i++) {
      // Every page is of a moment after the list began.
      observe(items.getJsonObject(i), version -> observations.observe(version, listBegan));
    }
    JsonObject metadata = answer.body().getJsonObject("metadata", new JsonObject());
    String next = metadata.getString("continue", "");
    if (!next.isEmpty()) {
      list(next);
      return;
    }
    observations.forgetUnlisted(this::belongs, listBegan);
    resourceVersion = metadata.getString("resourceVersion", "0");
    watch();
  }

  private void watch() {
    if (closed) {
      return;
    }
    if (outdated) {
      start();
      return;
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("labelSelector", selector(kind));
    parameters.put("watch", "1");
    parameters.put("allowWatchBookmarks", "true");
    parameters.put("resourceVersion", resourceVersion);
    parameters.put("timeoutSeconds", String.valueOf(STREAM_SECONDS + random(STREAM_SECONDS / 4)));
    String before = resourceVersion;
    stream = api.stream(KubernetesRequest.watch(parameters), silence, this::event);
    stream
        .ended()
        .onSuccess(
            properly -> {
              if (before.equals(resourceVersion)) {
                later(new EventStream.Gone("nothing came"), this::start); // not at once again
              } else {
                watch();
              }
            })
        .onFailure(
            failure ->
                later(failure, failure instanceof EventStream.Gone ? this::start : this::watch));
  }

  private void event(JsonObject event) {
    JsonObject object = event.getJsonObject("object");
    String type = event.getString("type");
    if ("ERROR".equals(type)) {
      if (Integer.valueOf(KubernetesResponse.GONE).equals(object.getInteger("code"))) {
        throw EventStream.Gone.tooOld();
      }
      throw new IllegalStateException("the watch reports " + object.getInteger("code"));
    }
    JsonObject metadata = object.getJsonObject("metadata");
    switch (type) {
      case "ADDED", "MODIFIED" -> observe(object, observations::observe);
      case "DELETED" -> observe(object, observations::observeDeletion);
      default -> {} // a bookmark: only the version is new
    }
    resourceVersion = Objects.requireNonNull(metadata.getString("resourceVersion"));
    recovered();
  }

  private void observe(JsonObject json, Consumer<StoredObject> observer) {
    StoredObject version;
    try {
      version = new StoredObject(resource, json);
    } catch (RuntimeException noRecord) {
      return; // operations on this key fail with a message
    }
    observer.accept(version);
  }

  private boolean belongs(StoredObject object) {
    return object.isLabelled() && kind.id().equals(object.kind());
  }

  private void later(Throwable failure, Runnable action) {
    if (closed) {
      return;
    }
    failures++;
    if (failure instanceof EventStream.Gone) {
      LOG.log(Level.DEBUG, "listing {0} leases anew: {1}", kind.id(), failure.getMessage());
    } else if (!interrupted) {
      interrupted = true;
      LOG.log(
          Level.WARNING,
          "the watch on {0} leases is interrupted: {1}",
          kind.id(),
          failure.getMessage());
    }
    long asked = stream == null ? -1 : stream.retryAfter();
    scheduler.schedule(Math.max(asked, BACKOFF.after(failures)), action);
  }

  private void recovered() {
    if (interrupted) {
      interrupted = false;
      LOG.log(Level.INFO, "the watch on {0} leases goes on", kind.id());
    }
    failures = 0;
  }

  private static long random(long bound) {
    return ThreadLocalRandom.current().nextLong(bound + 1);
  }
}
