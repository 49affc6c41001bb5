package dev.conclave.backend.kubernetes;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.testing.Async;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A small Kubernetes API server: Leases and ConfigMaps of one namespace over HTTP, with status
 * codes, watch streams with bookmarks, authentication, and faults on demand.
 */
final class FakeApiServer {
  /** The only namespace there is. */
  static final String NAMESPACE = "team-a";

  static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/" + NAMESPACE + "/leases";
  static final String CONFIGMAPS = "/api/v1/namespaces/" + NAMESPACE + "/configmaps";

  private static final Pattern PATH =
      Pattern.compile("(/apis/coordination\\.k8s\\.io/v1|/api/v1)/namespaces/([^/]+)/(\\w+)(/.+)?");

  /** What goes wrong with a request. */
  enum Trouble {
    /** Never answered, and not carried out. */
    HANG,
    /** The connection is closed instead of carrying it out. */
    CUT_BEFORE,
    /** Carried out, but the connection is closed in the middle of the answer. */
    CUT_AFTER,
    /** Not carried out: a status, perhaps with Retry-After. */
    STATUS,
    /** Carried out, but answered with a status. */
    STATUS_AFTER,
    /** Answered late. */
    SLOW,
    /** Carried out and answered when the test lets it. */
    HELD,
    /** Carried out at once, and answered when the test lets it. */
    HELD_AFTER
  }

  /** One fault, for the next request with this verb. */
  record Fault(String verb, Trouble trouble, int status, String retryAfter) {}

  final FakeObjects objects = new FakeObjects();

  /** What was asked: verb, space, name. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  /** Who asked, by the header of that name. */
  final Set<String> userAgents = ConcurrentHashMap.newKeySet();

  /** The words of a 403 for another reason than a missing verb; null for those of an authorizer. */
  volatile String forbiddenWords;

  /** The queries of watches. */
  final List<String> watchQueries = new CopyOnWriteArrayList<>();

  final Queue<Fault> faults = new ConcurrentLinkedQueue<>();

  /** The requests that are held: run one to let it go on. */
  final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

  final Set<String> forbidden = ConcurrentHashMap.newKeySet();

  /** Which fault, or null, meets a request with this verb when none is waiting for it. */
  volatile Function<String, Fault> weather = verb -> null;

  /** The body, with status 200, that a verb is answered with instead of being carried out. */
  volatile Function<String, String> nonsense = verb -> null;

  /** The bearer token that is let in; null for everybody. */
  volatile String token;

  /**
   * Whether the server has just started: until it has read the roles it refuses everybody with 403.
   */
  volatile boolean starting;

  /** Whether an outdated watch is refused with the status 410, or with an event that says so. */
  volatile boolean goneAsStatus;

  /** What came while the server was paused, in this order; null when it is not. */
  private Queue<Runnable> paused;

  /** Always six digits: an instant's own text leaves trailing zeros out. */
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final Vertx vertx = Vertx.vertx();
  private final Set<FakeWatch> watches = ConcurrentHashMap.newKeySet();
  private final HttpServer server;
  private final boolean tls;

  private FakeApiServer(HttpServerOptions options) {
    this.tls = options.isSsl();
    this.server = vertx.createHttpServer(options.setHost("127.0.0.1").setPort(0));
    server.requestHandler(
        request -> request.body().onSuccess(body -> arrive(() -> handle(request, body))));
    Async.get(server.listen());
  }

  static FakeApiServer start() {
    return start(new HttpServerOptions());
  }

  static FakeApiServer start(HttpServerOptions options) {
    return new FakeApiServer(options);
  }

  String url() {
    return (tls ? "https" : "http") + "://127.0.0.1:" + port();
  }

  int port() {
    return server.actualPort();
  }

  /** A configuration that leads here. */
  JsonObject config(String resource) {
    return new JsonObject()
        .put("type", "kubernetes")
        .put("resource", resource)
        .put("apiServer", url())
        .put("namespace", NAMESPACE);
  }

  void fail(String verb, Trouble trouble) {
    faults.add(new Fault(verb, trouble, 0, null));
  }

  void fail(String verb, int status, String retryAfter) {
    faults.add(new Fault(verb, Trouble.STATUS, status, retryAfter));
  }

  /** How many requests had this verb. */
  long count(String verb) {
    return requests.stream().filter(r -> r.startsWith(verb + " ")).count();
  }

  int openWatches() {
    return watches.size();
  }

  /** Sends a bookmark to every watch. */
  void bookmark() {
    watches.forEach(FakeWatch::bookmark);
  }

  /** Ends every watch as a server does whose time is over. */
  void endWatches() {
    watches.forEach(FakeWatch::end);
  }

  /** Breaks the connection of every watch. */
  void cutWatches() {
    watches.forEach(FakeWatch::cut);
  }

  /** Restores a backup, as {@link FakeObjects#backup} makes them, in a server that starts anew. */
  void restore(Runnable backup) {
    backup.run();
    cutWatches();
  }

  /** Stops the server's process as SIGSTOP does: requests arrive and nothing happens. */
  synchronized void pause() {
    paused = new ConcurrentLinkedQueue<>();
  }

  /**
   * Lets it go on: it carries out everything that arrived meanwhile, in that order, also the
   * requests of clients that have given up and gone.
   */
  synchronized void resume() {
    paused.forEach(Runnable::run);
    paused = null;
  }

  /** How many requests have arrived since it was paused. */
  synchronized int waiting() {
    return paused.size();
  }

  /** Moves all times of a lease's object. */
  void moveIntoTheFuture(String collection, LeaseKey key, Duration by) {
    String name = Names.of(key);
    String stored = objects.get(collection, name).body().encode();
    String moved =
        Pattern.compile("(?<=(acquire|renew)Time[\\\\\":]{3,7})[0-9T:.-]+Z")
            .matcher(stored)
            .replaceAll(time -> MICRO_TIME.format(Instant.parse(time.group()).plus(by)));
    FakeObjects.Result result = objects.update(collection, name, new JsonObject(moved));
    if (moved.equals(stored) || result.status() != 200) {
      throw new AssertionError(result.body() + " for " + moved);
    }
  }

  void close() {
    Async.get(vertx.close());
  }

  private synchronized void arrive(Runnable request) {
    if (paused == null) {
      request.run();
    } else {
      Context context = vertx.getOrCreateContext();
      paused.add(() -> context.runOnContext(v -> request.run()));
    }
  }

  private void handle(HttpServerRequest request, Buffer body) {
    Matcher path = PATH.matcher(request.path());
    if (!path.matches()) {
      answer(request, FakeObjects.status(404, "the server could not find the requested resource"));
      return;
    }
    String collection = path.group(1) + "/namespaces/" + path.group(2) + "/" + path.group(3);
    String name = path.group(4) == null ? "" : path.group(4).substring(1);
    String verb = verb(request, name);
    requests.add(verb + " " + name);
    userAgents.add(String.valueOf(request.getHeader("User-Agent")));
    if (token != null && !("Bearer " + token).equals(request.getHeader("Authorization"))) {
      answer(request, FakeObjects.status(401, "Unauthorized"));
      return;
    }
    String words = nonsense.apply(verb);
    if (words != null) {
      request.response().putHeader("Content-Type", "application/json").end(words);
      return;
    }
    if (starting || forbidden.contains(verb)) {
      answer(
          request,
          FakeObjects.status(
              403,
              forbiddenWords != null
                  ? forbiddenWords
                  : "User \"system:serviceaccount:team-a:conclave\" cannot "
                      + verb
                      + " resource \""
                      + path.group(3)
                      + "\" in the namespace \""
                      + path.group(2)
                      + "\""));
      return;
    }
    Fault fault = faults.peek();
    if (fault != null && fault.verb().equals(verb) && faults.remove(fault)) {
      trouble(request, fault, () -> serve(request, verb, collection, name, body));
      return;
    }
    Fault bad = weather.apply(verb);
    if (bad != null) {
      trouble(request, bad, () -> serve(request, verb, collection, name, body));
      return;
    }
    if (verb.equals("watch")) {
      watch(request, collection);
    } else {
      answer(request, serve(request, verb, collection, name, body));
    }
  }

  private FakeObjects.Result serve(
      HttpServerRequest request, String verb, String collection, String name, Buffer body) {
    boolean known = collection.contains("/namespaces/" + NAMESPACE + "/");
    if (!known && verb.equals("create")) {
      return FakeObjects.status(404, "namespaces not found");
    }
    return switch (verb) {
      case "get" -> objects.get(collection, name);
      case "create" -> objects.create(collection, new JsonObject(body));
      case "update" -> objects.update(collection, name, new JsonObject(body));
      default ->
          objects.list(
              collection,
              selector(request),
              Integer.parseInt(request.getParam("limit", "0")),
              request.getParam("continue", ""));
    };
  }

  private void watch(HttpServerRequest request, String collection) {
    watchQueries.add(request.query());
    long after = Long.parseLong(request.getParam("resourceVersion"));
    FakeWatch watch =
        new FakeWatch(
            request.response(),
            collection,
            selector(request),
            "true".equals(request.getParam("allowWatchBookmarks", "false")),
            after,
            objects::version);
    Runnable unsubscribe = objects.subscribe(after, watch::event);
    if (unsubscribe == null && goneAsStatus) {
      answer(request, FakeObjects.status(410, "too old resource version"));
      return;
    }
    watch.begin();
    if (unsubscribe == null) {
      watch.error(FakeObjects.status(410, "too old resource version").body());
      watch.end();
      return;
    }
    watches.add(watch);
    request
        .response()
        .closeHandler(
            v -> {
              unsubscribe.run();
              watches.remove(watch);
            })
        .endHandler(
            v -> {
              unsubscribe.run();
              watches.remove(watch);
            });
  }

  private void trouble(HttpServerRequest request, Fault fault, Supplier<FakeObjects.Result> work) {
    switch (fault.trouble()) {
      case HANG -> {}
      case CUT_BEFORE -> request.connection().close();
      case CUT_AFTER -> {
        String whole = work.get().body().encode();
        request.response().putHeader("Content-Length", String.valueOf(whole.length() + 10));
        request.response().write("{\"half\":").onComplete(v -> request.connection().close());
      }
      case SLOW -> vertx.setTimer(300, id -> answer(request, work.get()));
      case HELD -> hold(request, work);
      case HELD_AFTER -> {
        FakeObjects.Result done = work.get();
        hold(request, () -> done);
      }
      case STATUS, STATUS_AFTER -> {
        if (fault.trouble() == Trouble.STATUS_AFTER) {
          work.get();
        }
        if (fault.retryAfter() != null) {
          request.response().putHeader("Retry-After", fault.retryAfter());
        }
        answer(request, FakeObjects.status(fault.status(), "trouble"));
      }
    }
  }

  private void hold(HttpServerRequest request, Supplier<FakeObjects.Result> work) {
    Context context = vertx.getOrCreateContext();
    held.add(() -> context.runOnContext(v -> answer(request, work.get())));
  }

  private static void answer(HttpServerRequest request, FakeObjects.Result result) {
    HttpServerResponse response = request.response();
    if (!response.closed()) {
      response
          .setStatusCode(result.status())
          .putHeader("Content-Type", "application/json")
          .putHeader(
              "Date",
              DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)))
          .end(result.body().encode());
    }
  }

  private static String verb(HttpServerRequest request, String name) {
    if (request.method() == HttpMethod.POST) {
      return "create";
    }
    if (request.method() == HttpMethod.PUT) {
      return "update";
    }
    if (request.method() == HttpMethod.GET) {
      return !name.isEmpty() ? "get" : request.getParam("watch") != null ? "watch" : "list";
    }
    return request.method().name();
  }

  private static Map<String, String> selector(HttpServerRequest request) {
    Map<String, String> selector = new HashMap<>();
    for (String term : request.getParam("labelSelector", "").split(",")) {
      if (!term.isEmpty()) {
        selector.put(term.substring(0, term.indexOf('=')), term.substring(term.indexOf('=') + 1));
      }
    }
    return selector;
  }
}
