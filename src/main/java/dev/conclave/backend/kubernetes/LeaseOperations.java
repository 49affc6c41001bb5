package dev.conclave.backend.kubernetes;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.Watch;
import dev.conclave.backend.kubernetes.api.ApiClient;
import dev.conclave.backend.kubernetes.api.KubernetesRequest;
import dev.conclave.backend.kubernetes.api.KubernetesResponse;
import dev.conclave.backend.kubernetes.object.Annotations;
import dev.conclave.backend.kubernetes.object.Names;
import dev.conclave.backend.kubernetes.object.Resource;
import dev.conclave.backend.kubernetes.object.StoredObject;
import dev.conclave.backend.kubernetes.object.Writer;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The operations of the backend on an API server that is known. To be used on one thread.
 *
 * <p>The watch on a kind begins with the first operation on it, so that the observation of its
 * holders is older than the second.
 */
final class LeaseOperations {
  /** Read as one JSON document, on the thread that renews as well. */
  private static final int LARGEST_PAGE = 500;

  private final Scheduler scheduler;
  private final ApiClient api;
  private final Resource resource;
  private final Duration timeout;
  private final Writer writer;
  private final KubernetesWaiters waiters;
  private final Observations observations;
  private final Store store;
  private final KeyQueue queue;
  private final Map<LeaseKey.Kind, KindWatch> watches = new EnumMap<>(LeaseKey.Kind.class);
  private boolean closed;

  LeaseOperations(Scheduler scheduler, ApiClient api, Resource resource, Duration timeout) {
    this.scheduler = scheduler;
    this.api = api;
    this.resource = resource;
    this.timeout = timeout;
    this.writer = new Writer(resource, api.namespace(), scheduler);
    this.waiters = new KubernetesWaiters(scheduler);
    this.observations =
        new Observations(scheduler, waiters::seen, waiters::changed, this::listAnew);
    this.queue = new KeyQueue(scheduler);
    this.store = new Store(scheduler, api, resource, observations, queue);
  }

  Future<Acquisition> acquire(LeaseRequest request) {
    String name = Names.of(request.key());
    Plan<Acquisition> plan = new Acquiring(scheduler, observations, writer, request);
    return change(request.key(), plan)
        .map(
            answer -> {
              if (answer.granted() || request.waiter() == null) {
                waiters.leave(name, request.token());
              } else if (!closed) {
                waiters.await(name, request.token(), request.waiter(), observations.inTheWay(name));
              }
              return answer;
            });
  }

  Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return change(
        key,
        seen ->
            isLiveFor(seen, key, token)
                ? Plan.Step.write(
                    writer.extend(seen.object(), duration),
                    now -> Plan.Step.answer(true),
                    this::abandon)
                : Plan.Step.answer(false));
  }

  Future<Boolean> release(LeaseKey key, String token) {
    String name = Names.of(key);
    waiters.leave(name, token);
    observations.orphanReleased(name, key, token);
    return vacate(key, seen -> isLiveFor(seen, key, token));
  }

  /** The queue exists in this process only. */
  Future<Void> leave(LeaseKey key, String token) {
    waiters.leave(Names.of(key), token);
    return Future.succeededFuture();
  }

  Future<Boolean> revoke(LeaseKey key) {
    return vacate(key, seen -> seen != null && seen.isLive(scheduler.nanoTime()));
  }

  Future<Optional<Lease>> find(LeaseKey key) {
    return read(key)
        .map(
            seen -> {
              long now = scheduler.nanoTime();
              return seen != null && seen.isLive(now)
                  ? Optional.of(seen.view(key, now))
                  : Optional.empty();
            });
  }

  Future<Boolean> owns(LeaseKey key, String token) {
    return read(key).map(seen -> isLiveFor(seen, key, token));
  }

  Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    follow(kind);
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("labelSelector", KindWatch.selector(kind));
    parameters.put("limit", String.valueOf(Math.min(limit, LARGEST_PAGE)));
    if (page != null && !page.isEmpty()) {
      parameters.put("continue", page);
    }
    KubernetesRequest call = KubernetesRequest.list(parameters).inspecting();
    long asked = scheduler.nanoTime();
    // A later page shows the moment when the first page was read, which is not known here.
    Consumer<StoredObject> observer =
        parameters.containsKey("continue")
            ? observations::observe
            : version -> observations.observe(version, asked);
    return api.send(call, deadline())
        .compose(
            answer ->
                switch (answer.status()) {
                  case KubernetesResponse.OK ->
                      Future.succeededFuture(page(kind, prefix, answer.body(), observer));
                  // The walk took too long: go on where the server says, else from the beginning.
                  case KubernetesResponse.GONE ->
                      Future.succeededFuture(new LeasePage(List.of(), next(answer.body(), "")));
                  default -> Future.failedFuture(api.failures().of(call, answer.status(), ""));
                });
  }

  /** Registers are read each time: they are not watched. */
  Future<Boolean> advance(String name, long mark) {
    return queue.run(Names.ofRegister(name), () -> registers().advance(name, mark, deadline()));
  }

  Future<Optional<Register>> register(String name) {
    return registers().register(name, deadline());
  }

  Future<Boolean> retreat(String name, long mark) {
    return queue.run(Names.ofRegister(name), () -> registers().retreat(name, mark, deadline()));
  }

  /** Adds a watch. */
  Watch watch(LeaseKey key, Runnable hint) {
    follow(key.kind());
    String name = Names.of(key);
    return waiters.watch(name, hint, observations.inTheWay(name));
  }

  Future<Void> ping() {
    KubernetesRequest call =
        KubernetesRequest.list(
            Map.of("limit", "1", "labelSelector", KindWatch.selector(LeaseKey.Kind.LEADER)));
    return api.send(call, deadline())
        .compose(
            answer ->
                answer.status() == KubernetesResponse.OK
                    ? Future.succeededFuture()
                    : Future.failedFuture(api.failures().of(call, answer.status(), "")));
  }

  /** What the last request that failed has failed with, or null. */
  String trouble() {
    return api.trouble();
  }

  Future<Void> close() {
    closed = true;
    watches.values().forEach(KindWatch::close);
    waiters.clear();
    return api.close();
  }

  private Registers registers() {
    return new Registers(scheduler, api, resource, writer);
  }

  /** The API server's address. */
  String server() {
    return api.url();
  }

  /** How many keys have operations, watches or waiters. */
  int footprint() {
    return queue.size() + waiters.size();
  }

  private <T> Future<T> change(LeaseKey key, Plan<T> plan) {
    follow(key.kind());
    String name = Names.of(key);
    Deadline deadline = deadline();
    return queue.run(name, () -> store.change(name, plan, deadline));
  }

  private Future<Observed> read(LeaseKey key) {
    follow(key.kind());
    String name = Names.of(key);
    Deadline deadline = deadline();
    return queue.run(name, () -> store.read(name, deadline));
  }

  private Future<Boolean> vacate(LeaseKey key, Predicate<Observed> condition) {
    return change(
        key,
        seen ->
            condition.test(seen)
                ? Plan.Step.write(
                        writer.vacate(seen.object(), seen.fencingToken()),
                        now -> Plan.Step.answer(true),
                        now -> Plan.Step.answer(false))
                    .orOvertaken(true)
                : Plan.Step.answer(false));
  }

  /** The lease was lost with its object, and must not come back with the one just created. */
  private Plan.Step<Boolean> abandon(Observed now) {
    return Plan.Step.write(
        writer.vacate(now.object(), now.fencingToken()),
        vacated -> Plan.Step.answer(false),
        vacated -> Plan.Step.answer(false));
  }

  private boolean isLiveFor(Observed seen, LeaseKey key, String token) {
    return seen != null && seen.isLiveFor(key, token, scheduler.nanoTime());
  }

  private LeasePage page(
      LeaseKey.Kind kind, String prefix, JsonObject body, Consumer<StoredObject> observer) {
    List<Lease> leases = new ArrayList<>();
    JsonArray items = body.getJsonArray("items", new JsonArray());
    for (int i = 0; i < items.size(); i++) {
      Lease lease = live(kind, items.getJsonObject(i), observer);
      if (lease != null && lease.key().name().startsWith(prefix)) {
        leases.add(lease);
      }
    }
    return new LeasePage(leases, next(body, null));
  }

  private Lease live(LeaseKey.Kind kind, JsonObject item, Consumer<StoredObject> observer) {
    try {
      StoredObject version = new StoredObject(resource, item);
      LeaseKey key = new LeaseKey(kind, version.annotation(Annotations.NAME));
      if (!Names.of(key).equals(version.name())) {
        return null; // a copy under another name
      }
      observer.accept(version);
      Observed seen = observations.get(version.name());
      long now = scheduler.nanoTime();
      return seen.isLive(now) ? seen.view(key, now) : null;
    } catch (RuntimeException noLease) {
      return null;
    }
  }

  private static String next(JsonObject body, String otherwise) {
    String next = body.getJsonObject("metadata", new JsonObject()).getString("continue");
    return next == null || next.isEmpty() ? otherwise : next;
  }

  private void follow(LeaseKey.Kind kind) {
    if (!closed && !watches.containsKey(kind)) {
      KindWatch watch = new KindWatch(scheduler, api, resource, kind, timeout, observations);
      watches.put(kind, watch);
      watch.start();
    }
  }

  private void listAnew() {
    watches.values().forEach(KindWatch::listAnew);
  }

  private Deadline deadline() {
    return new Deadline(scheduler, timeout);
  }
}
