package dev.conclave.backend.kubernetes.api;

import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.core.parsetools.RecordParser;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * A response that is a stream: JSON objects, one per line. It ends when the server ends it, when
 * the connection breaks, when it has been silent for too long, or when it is cancelled.
 */
public final class EventStream {
  /** The stream cannot go on from its last version: the objects have to be listed anew. */
  public static final class Gone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Gone(String reason) {
      super(reason);
    }

    /** The server no longer has the version from which the stream should go on. */
    public static Gone tooOld() {
      return new Gone("the resource version is too old");
    }
  }

  private final Scheduler scheduler;
  private final Exchange exchange;
  private final ApiFailures failures;
  private final KubernetesRequest call;
  private final long idle;
  private final Consumer<JsonObject> line;
  private final Promise<Void> ended = Promise.promise();
  private HttpClientRequest request;
  private Scheduler.Timer silence = () -> {};
  private long received;
  private long pause = -1;

  EventStream(
      Scheduler scheduler,
      Exchange exchange,
      ApiFailures failures,
      KubernetesRequest call,
      Duration idle,
      Consumer<JsonObject> line) {
    this.scheduler = scheduler;
    this.exchange = exchange;
    this.failures = failures;
    this.call = call;
    this.idle = idle.toNanos();
    this.line = line;
  }

  EventStream open(Credentials credentials) {
    received = scheduler.nanoTime();
    watchSilence();
    credentials
        .token()
        .compose(
            token ->
                connect(token)
                    .compose(
                        response ->
                            response.statusCode() == KubernetesResponse.UNAUTHORIZED
                                ? credentials.insteadOf(token).compose(this::reconnect)
                                : Future.succeededFuture(response)))
        .onSuccess(this::read)
        .onFailure(this::end);
    return this;
  }

  /** Succeeds when the server ended it properly; fails with {@link Gone} and for other reasons. */
  public Future<Void> ended() {
    return ended.future();
  }

  /** The pause that the server has requested, in nanoseconds, or -1. */
  public long retryAfter() {
    return pause;
  }

  /** Ends the stream on this side, with this failure. */
  public void cancel(RuntimeException reason) {
    end(reason);
  }

  private Future<HttpClientResponse> reconnect(String token) {
    return token == null
        ? Future.failedFuture(failures.of(call, KubernetesResponse.UNAUTHORIZED, ""))
        : connect(token);
  }

  private Future<HttpClientResponse> connect(String token) {
    if (request != null) {
      request.reset();
    }
    return exchange
        .request(call, token, idle)
        .compose(
            ready -> {
              request = ready;
              if (ended.future().isComplete()) {
                ready.reset();
                return Future.failedFuture("cancelled");
              }
              return ready.send();
            });
  }

  private void read(HttpClientResponse response) {
    response.exceptionHandler(this::end);
    if (response.statusCode() != KubernetesResponse.OK) {
      pause = Exchange.retryAfter(response.getHeader(HttpHeaders.RETRY_AFTER));
      refused(response);
      return;
    }
    RecordParser lines = RecordParser.newDelimited("\n");
    lines.handler(
        buffer -> {
          if (!ended.future().isComplete() && buffer.length() > 0) {
            parse(() -> line.accept(new JsonObject(buffer)));
          }
        });
    response.endHandler(v -> end(null));
    response.handler(
        chunk -> {
          received = scheduler.nanoTime();
          lines.handle(chunk);
        });
  }

  private void refused(HttpClientResponse response) {
    int status = response.statusCode();
    if (status == KubernetesResponse.GONE) {
      end(Gone.tooOld());
      return;
    }
    response
        .body()
        .map(body -> new Exchange.Raw(status, null, null, body).message())
        .otherwise("")
        .onSuccess(words -> end(failures.of(call, status, words)));
  }

  private void parse(Runnable reading) {
    try {
      reading.run();
    } catch (RuntimeException unreadable) {
      end(unreadable);
    }
  }

  private void watchSilence() {
    long left = idle - (scheduler.nanoTime() - received);
    if (left <= 0) {
      end(new Gone("nothing came for " + idle / 1_000_000 + " ms"));
    } else {
      silence = scheduler.schedule(left, this::watchSilence);
    }
  }

  private void end(Throwable failure) {
    silence.cancel();
    boolean first = failure == null ? ended.tryComplete() : ended.tryFail(failure);
    if (first && failure != null && request != null) {
      request.reset();
    }
  }
}
