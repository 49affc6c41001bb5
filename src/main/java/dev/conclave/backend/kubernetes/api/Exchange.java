package dev.conclave.backend.kubernetes.api;

import dev.conclave.time.Deadline;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Properties;

/** Plain HTTP: one request and at most one response, by the deadline. */
final class Exchange {
  private static final String USER_AGENT = userAgent();

  private final HttpClientAgent client;
  private final HttpClientAgent inspection;
  private final String path;

  /**
   * @param client for all calls but those that inspect
   */
  Exchange(HttpClientAgent client, HttpClientAgent inspection, String path) {
    this.client = client;
    this.inspection = inspection;
    this.path = path;
  }

  /** A response as it was received. */
  record Raw(int status, String retryAfterHeader, String dateHeader, Buffer body) {
    /** More than any sentence of an API server; another server may send anything. */
    private static final int SHOWN = 2_000;

    /** The server's time, or null when the response has none. */
    Instant date() {
      try {
        return dateHeader == null
            ? null
            : DateTimeFormatter.RFC_1123_DATE_TIME.parse(dateHeader, Instant::from);
      } catch (DateTimeParseException notUnderstood) {
        return null;
      }
    }

    /** The body, or null when it is not a JSON object. */
    JsonObject json() {
      try {
        return new JsonObject(body);
      } catch (DecodeException | ClassCastException notJson) {
        return null;
      }
    }

    /** Its message for people, or empty. */
    String message() {
      JsonObject json = json();
      Object message = json == null ? null : json.getValue("message");
      String text = message instanceof String string ? string : "";
      return text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    }

    /** The pause that it requests, in nanoseconds, or -1. */
    long retryAfter() {
      return Exchange.retryAfter(retryAfterHeader);
    }
  }

  /** What a Retry-After means, in nanoseconds; -1 when there is none, or a date. */
  static long retryAfter(String header) {
    try {
      return Duration.ofSeconds(Math.max(0, Integer.parseInt(header))).toNanos();
    } catch (NumberFormatException aDateOrNothing) {
      return -1;
    }
  }

  /** Sends it and waits for the whole answer. */
  Future<Raw> send(KubernetesRequest call, String token, Deadline deadline) {
    if (deadline.isOver()) {
      return Future.failedFuture(deadline.failure("the API server"));
    }
    HttpClientRequest[] sent = new HttpClientRequest[1];
    Future<Raw> answer =
        request(call, token, deadline.left())
            .compose(
                request -> {
                  sent[0] = request;
                  if (deadline.isOver()) {
                    request.reset();
                    return Future.failedFuture(deadline.failure("the API server"));
                  }
                  return call.body() == null
                      ? request.send()
                      : request.send(call.body().toBuffer());
                })
            .compose(
                response ->
                    response
                        .body()
                        .map(
                            body ->
                                new Raw(
                                    response.statusCode(),
                                    response.getHeader(HttpHeaders.RETRY_AFTER),
                                    response.getHeader(HttpHeaders.DATE),
                                    body)));
    return deadline
        .bound(answer, () -> deadline.failure("the API server"))
        .onFailure(
            noAnswer -> {
              if (sent[0] != null) {
                sent[0].reset(); // it would keep its connection
              }
            });
  }

  /** A request that is ready to be sent. */
  Future<HttpClientRequest> request(KubernetesRequest call, String token, long patience) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(call.method())
            .setURI(path + (call.name().isEmpty() ? "" : "/" + call.name()) + call.query())
            .setConnectTimeout(Math.max(1, patience / 1_000_000))
            .putHeader(HttpHeaders.USER_AGENT, USER_AGENT)
            .putHeader(HttpHeaders.ACCEPT, "application/json");
    if (call.body() != null) {
      options.putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
    }
    if (token != null) {
      options.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token);
    }
    // The futures report failures; without a handler they would be logged too.
    return (call.inspects() ? inspection : client)
        .request(options)
        .onSuccess(request -> request.exceptionHandler(failure -> {}));
  }

  private static String userAgent() {
    Properties properties = new Properties();
    try (InputStream in = Exchange.class.getResourceAsStream("/dev/conclave/version.properties")) {
      properties.load(in);
    } catch (IOException | NullPointerException unreadable) {
      return "conclave";
    }
    return "conclave/" + properties.getProperty("version");
  }

  Future<Void> close() {
    return Future.join(client.close(), inspection.close()).mapEmpty();
  }
}
