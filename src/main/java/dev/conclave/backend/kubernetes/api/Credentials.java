package dev.conclave.backend.kubernetes.api;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/**
 * The bearer token of the requests, if there is one. A token in a file is read again when it is ten
 * seconds old and whenever the API server refuses it: service accounts' tokens are replaced while
 * they are still valid. A file that is empty for a moment, while it is replaced, counts as
 * unreadable: the token read before stays. To be used on one thread.
 */
public final class Credentials {
  private static final Logger LOG = System.getLogger(Credentials.class.getName());
  private static final long FRESH = Duration.ofSeconds(10).toNanos();

  private final Vertx vertx;
  private final Scheduler scheduler;
  private final String file;
  private String token;
  private long readAt;
  private Future<String> reading;

  private Credentials(Vertx vertx, Scheduler scheduler, String file, String token) {
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.file = file;
    this.token = token;
  }

  /** No token: a client certificate, or an API server that accepts every client. */
  public static Credentials none() {
    return new Credentials(null, null, null, null);
  }

  /** A token that does not change. */
  public static Credentials fixed(String token) {
    return new Credentials(null, null, null, token);
  }

  /** The token in a file. */
  public static Credentials file(Vertx vertx, Scheduler scheduler, String file) {
    return new Credentials(vertx, scheduler, file, null);
  }

  /** The token to send, or null. */
  public Future<String> token() {
    boolean fresh = token != null && (file == null || scheduler.nanoTime() - readAt < FRESH);
    return fresh || file == null ? Future.succeededFuture(token) : read();
  }

  /** The token to send after this one was refused, or null if there is none. */
  public Future<String> insteadOf(String refused) {
    if (file == null) {
      return Future.succeededFuture();
    }
    return read().map(now -> now.equals(refused) ? null : now);
  }

  /** The text without the token, wherever it came from. */
  public String redact(String text) {
    return token == null || token.isEmpty() ? text : text.replace(token, "[token]");
  }

  /** One at a time: a disk that hangs must not take a thread for every request. */
  private Future<String> read() {
    if (reading == null || reading.isComplete()) {
      reading = readFile();
    }
    return reading;
  }

  private Future<String> readFile() {
    return vertx
        .fileSystem()
        .readFile(file)
        .map(
            content -> {
              String read = content.toString().strip();
              if (read.isEmpty()) {
                throw new IllegalStateException("empty");
              }
              token = read;
              readAt = scheduler.nanoTime();
              return token;
            })
        .recover(
            unreadable -> {
              if (token == null) {
                return Future.failedFuture(
                    ErrorCode.BACKEND_UNAVAILABLE.failure(
                        "cannot read the token file " + file + ": it is missing or empty"));
              }
              LOG.log(
                  Level.WARNING, "cannot read {0} again, or it is empty: keeping the token", file);
              readAt = scheduler.nanoTime();
              return Future.succeededFuture(token);
            });
  }

  /** Shows nothing. */
  @Override
  public String toString() {
    return "Credentials";
  }
}
