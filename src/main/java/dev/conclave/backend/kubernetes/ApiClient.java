package dev.conclave.backend.kubernetes;

import dev.conclave.error.ErrorCode;
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
 *   <li>A request carries the token; refused with 401, it is sent once more if the token's file has
 *       another one by now.
 *   <li>429 and 5xx are tried again: after as long as {@code Retry-After} says, else after a
 *       growing, jittered pause. So is a broken connection, twice. A write may thus be sent again
 *       though it was carried out: its {@code resourceVersion} makes that a conflict, and its write
 *       id lets the writer find out.
 *   <li>So is a 403, for an account that was let in before ({@link Account}), unless it is about
 *       the namespace: its quota, or its end.
 *   <li>All of it ends at the deadline.
 *   <li>200, 201, 404, 409 and 410 are answers; everything else is a failure, in a sentence.
 * </ol>
 */
final class ApiClient {
  private static final String TOKEN_FILE = "the disk with the token file";
  private static final int CONNECTION_ATTEMPTS = 3;
  static final Backoff BACKOFF = Backoff.jittered(Duration.ofMillis(50), Duration.ofSeconds(2));

  /** One connection for each kind of key that is watched. */
  private static final int WATCHES = 3;

  /** Listings go over connections of their own: however many there are, no lease waits for them. */
  private static final int INSPECTIONS = 2;

  private final Scheduler scheduler;
  private final Endpoint endpoint;
  private final Resource resource;
  private final Exchange exchange;
  private final Account account = new Account();
  private volatile String trouble;

  ApiClient(
      Vertx vertx, Scheduler scheduler, Endpoint endpoint, Resource resource, int connections) {
    this.scheduler = scheduler;
    this.endpoint = endpoint;
    this.resource = resource;
    String path = endpoint.pathPrefix() + resource.path(endpoint.namespace());
    this.exchange =
        new Exchange(
            client(vertx, endpoint, connections + WATCHES),
            client(vertx, endpoint, INSPECTIONS),
            path);
  }

  private static HttpClientAgent client(Vertx vertx, Endpoint endpoint, int connections) {
    return vertx.createHttpClient(
        endpoint.options(), new PoolOptions().setHttp1MaxSize(connections));
  }

  /** The server's address. */
  String url() {
    return endpoint.url();
  }

  /** What the last request that was not answered as it should be has failed with, or null. */
  String trouble() {
    return trouble;
  }

  String namespace() {
    return endpoint.namespace();
  }

  /** Sends a request, again if need be. */
  Future<ApiAnswer> send(ApiCall call, Deadline deadline) {
    return attempt(call, deadline, 1);
  }

  /**
   * Sends a request whose answer does not end by itself.
   *
   * @param line told every line
   */
  EventStream stream(ApiCall call, Duration idle, Consumer<JsonObject> line) {
    return new EventStream(scheduler, exchange, this::failure, call, idle, line)
        .open(endpoint.credentials());
  }

  Future<Void> close() {
    return exchange.close();
  }

  private Future<ApiAnswer> attempt(ApiCall call, Deadline deadline, int number) {
    return deadline
        .bound(endpoint.credentials().token(), () -> deadline.failure(TOKEN_FILE))
        .compose(
            token ->
                exchange
                    .send(call, token, deadline)
                    .compose(
                        raw ->
                            raw.status() == ApiAnswer.UNAUTHORIZED
                                ? reauthorized(call, token, raw, deadline)
                                : Future.succeededFuture(raw)))
        .transform(
            result -> {
              if (result.succeeded()) {
                return judge(call, result.result(), deadline, number);
              }
              if (!(result.cause() instanceof ServiceException) && number < CONNECTION_ATTEMPTS) {
                return again(
                    call, deadline, number, BACKOFF.after(number), unreachable(result.cause()));
              }
              return Future.failedFuture(unreachable(result.cause()));
            });
  }

  private Future<Exchange.Raw> reauthorized(
      ApiCall call, String refused, Exchange.Raw raw, Deadline deadline) {
    return deadline
        .bound(endpoint.credentials().insteadOf(refused), () -> deadline.failure(TOKEN_FILE))
        .compose(
            token ->
                token == null ? Future.succeededFuture(raw) : exchange.send(call, token, deadline));
  }

  private Future<ApiAnswer> judge(ApiCall call, Exchange.Raw raw, Deadline deadline, int number) {
    switch (raw.status()) {
      case ApiAnswer.OK, ApiAnswer.CREATED, ApiAnswer.NOT_FOUND, ApiAnswer.CONFLICT, ApiAnswer.GONE:
        account.allowed(call.verb());
        trouble = null;
        JsonObject body = raw.json();
        return body == null
            ? Future.failedFuture(failure(call, raw.status(), "no JSON"))
            : Future.succeededFuture(new ApiAnswer(raw.status(), body, number > 1, raw.date()));
      default:
        ServiceException failure = failure(call, raw.status(), raw.message());
        if (raw.status() == ApiAnswer.TOO_MANY_REQUESTS || raw.status() >= 500) {
          long asked = raw.retryAfter();
          return again(call, deadline, number, asked >= 0 ? asked : BACKOFF.after(number), failure);
        }
        if (raw.status() == ApiAnswer.FORBIDDEN
            && !Forbidden.isAboutTheNamespace(raw.message())
            && account.mayBeAllowed(call.verb())) {
          long pause = BACKOFF.after(number);
          // The answer to the last try needs time too: with none, nobody would be told of this one.
          if (2 * pause >= deadline.left()) {
            account.refused(call.verb());
            return Future.failedFuture(failure);
          }
          return again(call, deadline, number, pause, failure);
        }
        return Future.failedFuture(failure);
    }
  }

  private Future<ApiAnswer> again(
      ApiCall call, Deadline deadline, int number, long pause, ServiceException failure) {
    trouble = failure.getMessage();
    if (pause >= deadline.left()) {
      return Future.failedFuture(failure);
    }
    return scheduler.after(pause).compose(over -> attempt(call, deadline, number + 1));
  }

  private ServiceException unreachable(Throwable cause) {
    if (cause instanceof ServiceException known) {
      return known;
    }
    String reason = cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "the API server "
            + endpoint.url()
            + " can not be reached: "
            + endpoint.credentials().redact(reason));
  }

  /** The failure that a status stands for. */
  ServiceException failure(ApiCall call, int status, String message) {
    String what =
        call.verb() + " " + resource.qualifiedName() + " in namespace '" + namespace() + "'";
    String said = message.isEmpty() ? "" : " (" + endpoint.credentials().redact(message) + ")";
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        switch (status) {
          case ApiAnswer.UNAUTHORIZED ->
              "the API server " + endpoint.url() + " refuses the credentials (401) to " + what;
          case ApiAnswer.FORBIDDEN ->
              endpoint
                  .credentials()
                  .redact(
                      Forbidden.sentence(
                          message, call.verb(), resource.qualifiedName(), namespace()));
          case ApiAnswer.NOT_FOUND ->
              "the API server "
                  + endpoint.url()
                  + " has no such namespace or resource (404): "
                  + what
                  + said;
          default ->
              "the API server " + endpoint.url() + " answered " + status + " to " + what + said;
        });
  }

  /** What answers with an object that was not asked for is no API server: it is not believed. */
  ServiceException anotherObject(ApiCall call) {
    return failure(call, ApiAnswer.OK, "with another object than was asked for");
  }

  /** A write that was sent again, and of which nobody can say what has become. */
  ServiceException answerLost(String name) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "the API server's answer to a write of "
            + resource.qualifiedName()
            + " '"
            + name
            + "' was lost, and others have written since");
  }
}
