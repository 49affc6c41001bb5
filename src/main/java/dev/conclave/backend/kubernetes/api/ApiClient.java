package dev.conclave.backend.kubernetes.api;

import dev.conclave.time.Backoff;
import dev.conclave.time.Deadline;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Requests to the API server, with everything that is the same for all of them. To be used on one
 * thread.
 *
 * <ol>
 *   <li>A request contains the token. After a 401 it is sent once more, if the token's file has
 *       another token by now.
 *   <li>429 and 5xx are tried again: after as long as {@code Retry-After} says, else after a
 *       growing, jittered pause. So is a broken connection, twice. A write may thus be sent again
 *       though it was carried out: its {@code resourceVersion} makes that a conflict, and its write
 *       id lets the writer find out.
 *   <li>So is a 403, for an account that was allowed something before ({@link Account}), unless the
 *       reason is the namespace: a quota, or its deletion.
 *   <li>All of it ends at the deadline.
 *   <li>200, 201, 404, 409 and 410 are results; every other status is a failure with a message.
 * </ol>
 */
public final class ApiClient {
  private static final String TOKEN_FILE = "the disk with the token file";
  private static final int CONNECTION_ATTEMPTS = 3;
  public static final Backoff BACKOFF =
      Backoff.jittered(Duration.ofMillis(50), Duration.ofSeconds(2));

  /** One connection for each kind of key that is watched. */
  private static final int WATCHES = 3;

  /** Listings go over connections of their own: however many there are, no lease waits for them. */
  private static final int INSPECTIONS = 2;

  private final Scheduler scheduler;
  private final Endpoint endpoint;
  private final ApiFailures failures;
  private final Exchange exchange;
  private final Account account = new Account();
  private volatile String trouble;

  public ApiClient(
      Vertx vertx,
      Scheduler scheduler,
      Endpoint endpoint,
      String path,
      String resource,
      int connections) {
    this.scheduler = scheduler;
    this.endpoint = endpoint;
    this.failures = new ApiFailures(endpoint, resource);
    this.exchange =
        new Exchange(
            client(vertx, endpoint, connections + WATCHES),
            client(vertx, endpoint, INSPECTIONS),
            endpoint.pathPrefix() + path);
  }

  private static HttpClientAgent client(Vertx vertx, Endpoint endpoint, int connections) {
    return vertx.createHttpClient(
        endpoint.options(), new PoolOptions().setHttp1MaxSize(connections));
  }

  /** The server's address. */
  public String url() {
    return endpoint.url();
  }

  /** The failure of the last request, or null if it succeeded. */
  public String trouble() {
    return trouble;
  }

  public String namespace() {
    return endpoint.namespace();
  }

  /** The failures of requests to this server. */
  public ApiFailures failures() {
    return failures;
  }

  /** Sends a request, repeatedly if necessary. */
  public Future<KubernetesResponse> send(KubernetesRequest call, Deadline deadline) {
    return attempt(call, deadline, 1);
  }

  /**
   * Sends a request whose response is a stream.
   *
   * @param line receives every line
   */
  public EventStream stream(KubernetesRequest call, Duration idle, Consumer<JsonObject> line) {
    return new EventStream(scheduler, exchange, failures, call, idle, line)
        .open(endpoint.credentials());
  }

  public Future<Void> close() {
    return exchange.close();
  }

  private Future<KubernetesResponse> attempt(
      KubernetesRequest call, Deadline deadline, int number) {
    return deadline
        .bound(endpoint.credentials().token(), () -> deadline.failure(TOKEN_FILE))
        .compose(
            token ->
                exchange
                    .send(call, token, deadline)
                    .compose(
                        raw ->
                            raw.status() == KubernetesResponse.UNAUTHORIZED
                                ? reauthorized(call, token, raw, deadline)
                                : Future.succeededFuture(raw)))
        .transform(
            result -> {
              if (result.succeeded()) {
                return judge(call, result.result(), deadline, number);
              }
              if (!(result.cause() instanceof ServiceException) && number < CONNECTION_ATTEMPTS) {
                return again(
                    call,
                    deadline,
                    number,
                    BACKOFF.after(number),
                    failures.unreachable(result.cause()));
              }
              return Future.failedFuture(failures.unreachable(result.cause()));
            });
  }

  private Future<Exchange.Raw> reauthorized(
      KubernetesRequest call, String refused, Exchange.Raw raw, Deadline deadline) {
    return deadline
        .bound(endpoint.credentials().insteadOf(refused), () -> deadline.failure(TOKEN_FILE))
        .compose(
            token ->
                token == null ? Future.succeededFuture(raw) : exchange.send(call, token, deadline));
  }

  private Future<KubernetesResponse> judge(
      KubernetesRequest call, Exchange.Raw raw, Deadline deadline, int number) {
    switch (raw.status()) {
      case KubernetesResponse.OK,
      KubernetesResponse.CREATED,
      KubernetesResponse.NOT_FOUND,
      KubernetesResponse.CONFLICT,
      KubernetesResponse.GONE:
        account.allowed(call.verb());
        trouble = null;
        JsonObject body = raw.json();
        return body == null
            ? Future.failedFuture(failures.of(call, raw.status(), "no JSON"))
            : Future.succeededFuture(
                new KubernetesResponse(raw.status(), body, number > 1, raw.date()));
      default:
        ServiceException failure = failures.of(call, raw.status(), raw.message());
        if (raw.status() == KubernetesResponse.TOO_MANY_REQUESTS || raw.status() >= 500) {
          long asked = raw.retryAfter();
          return again(call, deadline, number, asked >= 0 ? asked : BACKOFF.after(number), failure);
        }
        if (raw.status() == KubernetesResponse.FORBIDDEN
            && !ApiFailures.isAboutTheNamespace(raw.message())
            && account.mayBeAllowed(call.verb())) {
          long pause = BACKOFF.after(number);
          // The response to the last try needs time too: without it, this failure would be lost.
          if (2 * pause >= deadline.left()) {
            account.refused(call.verb());
            return Future.failedFuture(failure);
          }
          return again(call, deadline, number, pause, failure);
        }
        return Future.failedFuture(failure);
    }
  }

  private Future<KubernetesResponse> again(
      KubernetesRequest call, Deadline deadline, int number, long pause, ServiceException failure) {
    trouble = failure.getMessage();
    if (pause >= deadline.left()) {
      return Future.failedFuture(failure);
    }
    return scheduler.after(pause).compose(over -> attempt(call, deadline, number + 1));
  }
}
