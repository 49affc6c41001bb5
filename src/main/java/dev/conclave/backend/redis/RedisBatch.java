package dev.conclave.backend.redis;

import dev.conclave.backend.support.Offers;
import dev.conclave.backend.support.ServerClock;
import dev.conclave.backend.support.Waiters;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One batch on its way over one connection.
 *
 * <ol>
 *   <li>The operations of a batch share one script call; in a cluster those of one record do,
 *       because a call must stay within a slot. All calls of a batch are on their way at once.
 *   <li>A server that does not know the script (it is new, or was flushed) gets it in full.
 *   <li>Nothing that was sent is sent again: its outcome is unknown, and the caller decides. The
 *       exception is a request that the server refused without any effect. A request that keeps or
 *       ends a holding, and was refused because memory is short, is sent again with a script that
 *       may use more. A request that was refused as too late, though its caller still waits, is
 *       sent again without a deadline ({@link ServerClock}).
 *   <li>When a result shows that this server cannot be written to, the connection is discarded: the
 *       next one may reach a server that can.
 * </ol>
 */
final class RedisBatch {

  /**
   * What all batches have in common.
   *
   * @param readClock reads the server's clock again
   */
  record Context(
      Scheduler scheduler,
      RedisName name,
      Duration timeout,
      boolean cluster,
      LeaseScript script,
      Waiters waiters,
      Offers offers,
      RedisConnector connector,
      ServerClock clock,
      Runnable readClock) {}

  private final Context context;
  private final RedisConnection connection;
  private final List<RedisRequest> requests;
  private final Promise<List<Future<Response>>> answer = Promise.promise();
  private final List<Future<Response>> answers;
  private final long sentAt;
  private final long deadline;
  private int open;

  RedisBatch(Context context, RedisConnection connection, List<RedisRequest> requests) {
    this.context = context;
    this.connection = connection;
    this.requests = requests;
    this.answers = new ArrayList<>(requests.size());
    this.sentAt = context.scheduler.nanoTime();
    this.deadline = context.clock.at(sentAt, context.timeout);
  }

  long sentAt() {
    return sentAt;
  }

  Future<List<Future<Response>>> send() {
    Map<Object, LeaseScript.Runs> calls = new LinkedHashMap<>();
    List<Integer> plain = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      answers.add(null);
      RedisRequest operation = requests.get(i);
      if (operation.command() == null) {
        sending(operation);
        calls
            .computeIfAbsent(
                context.cluster ? operation.record() : context.script, c -> new LeaseScript.Runs())
            .add(operation, i);
      } else {
        plain.add(i);
      }
    }
    open = calls.size() + plain.size();
    plain.forEach(this::sendPlain);
    calls.values().forEach(runs -> sendCall(runs.places()));
    return answer.future();
  }

  private void sendPlain(int index) {
    Request command = requests.get(index).command();
    connection
        .send(command)
        .onComplete(
            result -> {
              answers.set(
                  index,
                  result.succeeded()
                      ? Future.succeededFuture(result.result())
                      : failed(requests.get(index), result.cause()));
              closeOne();
            });
  }

  private void sendCall(List<Integer> places) {
    List<RedisRequest> operations = operations(places);
    connection
        .send(context.script.byDigest(operations, deadline))
        .onSuccess(response -> answered(places, response, true))
        .onFailure(
            failure -> {
              if (startsWith(failure, "NOSCRIPT")) {
                connection
                    .send(context.script.inFull(operations, deadline))
                    .onSuccess(response -> answered(places, response, true))
                    .onFailure(again -> failed(places, again));
              } else {
                failed(places, failure);
              }
            });
  }

  private void answered(Collection<Integer> places, Response response, boolean mayRepeat) {
    if (!RedisRequest.isList(response, places.size())) {
      failed(places, LeaseAnswers.notUnderstood());
      return;
    }
    int position = 0;
    List<Integer> withoutMemory = new ArrayList<>(0);
    List<Integer> tooEarly = new ArrayList<>(0);
    for (int place : places) {
      RedisRequest operation = requests.get(place);
      Response element = response.get(position++);
      if (mayRepeat && isOutOfMemory(element) && operation.needsNoMemory()) {
        withoutMemory.add(place);
      } else if (mayRepeat && isLate(element) && isWaitedFor()) {
        tooEarly.add(place);
      } else if (isError(element)) {
        refused(operation);
        answers.set(place, refused(operation, element.toString()));
      } else if (operation.hasResult(element)) {
        succeeded(operation, element);
        answers.set(place, Future.succeededFuture(element));
      } else {
        refused(operation);
        answers.set(place, failed(operation, LeaseAnswers.notUnderstood()));
      }
    }
    if (!withoutMemory.isEmpty()) {
      repeat(withoutMemory, context.script.withoutMemory(operations(withoutMemory), deadline));
    }
    if (!tooEarly.isEmpty()) {
      context.clock.forget();
      context.readClock.run();
      repeat(tooEarly, context.script.inFull(operations(tooEarly), ServerClock.NEVER));
    }
    closeOne();
  }

  private void repeat(List<Integer> places, Request call) {
    open++;
    connection
        .send(call)
        .onSuccess(again -> answered(places, again, false))
        .onFailure(failure -> failed(places, failure));
  }

  private boolean isWaitedFor() {
    return context.scheduler.nanoTime() - sentAt < context.timeout.toNanos();
  }

  private List<RedisRequest> operations(List<Integer> places) {
    List<RedisRequest> operations = new ArrayList<>(places.size());
    places.forEach(place -> operations.add(requests.get(place)));
    return operations;
  }

  private void failed(Collection<Integer> places, Throwable cause) {
    for (int place : places) {
      refused(requests.get(place));
      answers.set(place, failed(requests.get(place), cause));
    }
    closeOne();
  }

  private Future<Response> failed(RedisRequest request, Throwable cause) {
    context.connector.inspect(connection, cause);
    return Future.failedFuture(context.name.unavailable("did not answer the " + request, cause));
  }

  /** The error of one operation; the others of the call are not affected. */
  private Future<Response> refused(RedisRequest operation, String error) {
    context.connector.inspect(connection, new IllegalStateException(error));
    return Future.failedFuture(
        ErrorCode.BACKEND_UNAVAILABLE.failure(
            context.name
                + " refused the "
                + operation
                + " (its record is "
                + operation.record()
                + "): "
                + context.name.safe(error)));
  }

  private void sending(RedisRequest operation) {
    switch (operation.kind()) {
      case WAIT ->
          operation.waitsAs(
              context.waiters.requested(operation.key(), operation.token(), operation.waiter()));
      case RELEASE, LEAVE -> context.waiters.leave(operation.key(), operation.token());
      default -> {}
    }
  }

  private void succeeded(RedisRequest operation, Response answer) {
    switch (operation.kind()) {
      case ACQUIRE, WAIT -> {
        if (answer.type() == ResponseType.NUMBER) {
          context.waiters.granted(operation.key(), operation.token());
        } else {
          refused(operation);
        }
      }
      case RELEASE, LEAVE, REVOKE -> {
        if (answer.toInteger() >= 2) {
          context.offers.made(operation.key());
        }
      }
      case LAPSE -> {
        if (answer.toLong() > 0) {
          context.offers.made(operation.key(), Duration.of(answer.toLong(), ChronoUnit.MICROS));
        }
      }
      default -> {}
    }
  }

  /** Refused, or its outcome is unknown. */
  private void refused(RedisRequest operation) {
    if (operation.waiter() != null) {
      context.waiters.refused(operation.key(), operation.token());
    }
  }

  private void closeOne() {
    if (--open == 0) {
      answer.tryComplete(answers);
    }
  }

  /** Whether it is the error of one operation. */
  private static boolean isError(Response answer) {
    return answer != null
        && (answer.type() == ResponseType.BULK || answer.type() == ResponseType.ERROR);
  }

  private static boolean isOutOfMemory(Response answer) {
    return isError(answer) && RedisErrors.isOutOfMemory(answer.toString());
  }

  private static boolean isLate(Response answer) {
    return isError(answer) && RedisErrors.isLate(answer.toString());
  }

  private static boolean startsWith(Throwable failure, String prefix) {
    return failure.getMessage() != null && failure.getMessage().startsWith(prefix);
  }
}
