package dev.conclave.backend.redis;

import dev.conclave.backend.support.GroupCommit;
import dev.conclave.backend.support.ServerClock;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes batches to Redis over one connection.
 *
 * <ol>
 *   <li>The operations of a batch share one script call; in a cluster those of one record do, since
 *       a call must stay within a slot. All calls of a batch are on their way at once.
 *   <li>A server that does not know the script (it is new, or was flushed) gets it in full.
 *   <li>A batch that finds no connection is parked until there is one, at most for the timeout. The
 *       very first ones also wait until this client hears its messages, or fails to: so that no
 *       waiter misses its turn.
 *   <li>Nothing that was sent is sent again: what became of it is unknown, and the caller decides.
 *       Only what the server has refused, without any effect, is sent once more: for want of
 *       memory, if it keeps or ends a holding, by a script that is allowed to; as too late, if it
 *       is not, without a deadline ({@link ServerClock}).
 *   <li>An answer which says that this is not the server to write to ends the connection: the next
 *       one may find the server that is.
 * </ol>
 */
final class RedisTransport
    implements GroupCommit.Transport<RedisRequest, Response>, RedisConnector.Listener {

  private record Parked(
      List<RedisRequest> batch, Promise<List<Future<Response>>> answer, long until) {}

  private final Scheduler scheduler;
  private final RedisConfig config;
  private final LeaseScript script;
  private final RedisWaiters waiters;
  private final Deque<Parked> parked = new ArrayDeque<>();
  private final ServerClock clock = new ServerClock();
  private RedisConnector connector;
  private Runnable listen;
  private final Set<Batch> underWay = new HashSet<>();
  private boolean open;
  private boolean idle;

  RedisTransport(
      Scheduler scheduler, RedisConfig config, LeaseScript script, RedisWaiters waiters) {
    this.scheduler = scheduler;
    this.config = config;
    this.script = script;
    this.waiters = waiters;
  }

  /**
   * Before anything else.
   *
   * @param link the connection that this listens to
   * @param listen makes this client hear its messages, and calls {@link #open} then
   */
  void use(RedisConnector connector, Runnable listen) {
    this.connector = connector;
    this.listen = listen;
  }

  @Override
  public Future<List<Future<Response>>> send(List<RedisRequest> batch) {
    Promise<List<Future<Response>>> answer = Promise.promise();
    RedisConnection connection = open ? connector.connection() : null;
    if (connection == null) {
      parked.add(new Parked(batch, answer, scheduler.nanoTime() + config.timeout().toNanos()));
      connector.want();
      if (listen != null) {
        Runnable first = listen;
        listen = null;
        first.run();
      }
    } else {
      new Batch(connection, batch, answer).send();
    }
    return answer.future();
  }

  @Override
  public void connected(RedisConnection connection) {
    underWay.clear();
    clock.forget();
    readClock();
    flush();
  }

  /** From time to time, so that drift does not add up. The servers of a cluster differ. */
  void readClock() {
    RedisConnection connection = connector.connection();
    if (connection != null && !config.isCluster()) {
      long now = scheduler.nanoTime();
      connection
          .send(Request.cmd(Command.TIME))
          .onSuccess(
              time -> {
                Long micros = LeaseAnswers.time(time);
                if (micros != null && connector.connection() == connection) {
                  clock.shows(micros, now);
                }
              });
    }
  }

  /** From now on what waits for a connection may go. */
  void open() {
    open = true;
    flush();
  }

  private void flush() {
    RedisConnection connection = open ? connector.connection() : null;
    if (connection == null) {
      return;
    }
    long now = scheduler.nanoTime();
    for (Parked next = parked.poll(); next != null; next = parked.poll()) {
      if (next.until - now > 0) {
        new Batch(connection, next.batch, next.answer).send();
      }
    }
  }

  @Override
  public void disconnected() {
    underWay.clear();
  }

  /** Whether nothing was sent since this was asked last. */
  boolean wasIdle() {
    boolean was = idle;
    idle = true;
    return was;
  }

  @Override
  public void stalled() {
    long now = scheduler.nanoTime();
    parked.removeIf(waiting -> waiting.until - now <= 0);
    // What waited for a slot, or for a connection, says nothing about this one.
    long since = now - config.timeout().toNanos() / 2;
    if (underWay.stream().anyMatch(batch -> batch.sentAt - since <= 0)) {
      connector.lost(connector.connection());
    }
  }

  /** One batch on its way over one connection. */
  private final class Batch {
    private final RedisConnection connection;
    private final List<RedisRequest> requests;
    private final Promise<List<Future<Response>>> answer;
    private final List<Future<Response>> answers;
    private final long sentAt = scheduler.nanoTime();
    private final long deadline = clock.at(sentAt, config.timeout());
    private int open;

    Batch(
        RedisConnection connection,
        List<RedisRequest> requests,
        Promise<List<Future<Response>>> answer) {
      this.connection = connection;
      this.requests = requests;
      this.answer = answer;
      this.answers = new ArrayList<>(requests.size());
    }

    void send() {
      Map<Object, LeaseRuns> calls = new LinkedHashMap<>();
      List<Integer> plain = new ArrayList<>();
      for (int i = 0; i < requests.size(); i++) {
        answers.add(null);
        RedisRequest operation = requests.get(i);
        if (operation.command() == null) {
          waiters.sending(operation);
          calls
              .computeIfAbsent(
                  config.isCluster() ? operation.record() : script, c -> new LeaseRuns())
              .add(operation, i);
        } else {
          plain.add(i);
        }
      }
      RedisTransport.this.idle = false;
      open = calls.size() + plain.size();
      underWay.add(this);
      plain.forEach(this::sendPlain);
      calls.values().forEach(runs -> sendCall(runs.places()));
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
          .send(script.byDigest(operations, deadline))
          .onSuccess(response -> answered(places, response, true))
          .onFailure(
              failure -> {
                if (startsWith(failure, "NOSCRIPT")) {
                  connection
                      .send(script.inFull(operations, deadline))
                      .onSuccess(response -> answered(places, response, true))
                      .onFailure(again -> failed(places, again));
                } else {
                  failed(places, failure);
                }
              });
    }

    private void answered(Collection<Integer> places, Response response, boolean mayRepeat) {
      if (!LeaseAnswers.areFor(places.size(), response)) {
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
        } else if (element != null && LeaseAnswers.isError(element)) {
          waiters.unanswered(operation);
          answers.set(place, refused(operation, element.toString()));
        } else if (LeaseAnswers.answers(operation, element)) {
          waiters.answered(operation, element);
          answers.set(place, Future.succeededFuture(element));
        } else {
          waiters.unanswered(operation);
          answers.set(place, failed(operation, LeaseAnswers.notUnderstood()));
        }
      }
      if (!withoutMemory.isEmpty()) {
        repeat(withoutMemory, script.withoutMemory(operations(withoutMemory), deadline));
      }
      if (!tooEarly.isEmpty()) {
        clock.forget();
        readClock();
        repeat(tooEarly, script.inFull(operations(tooEarly), ServerClock.NEVER));
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
      return scheduler.nanoTime() - sentAt < config.timeout().toNanos();
    }

    private List<RedisRequest> operations(List<Integer> places) {
      List<RedisRequest> operations = new ArrayList<>(places.size());
      places.forEach(place -> operations.add(requests.get(place)));
      return operations;
    }

    private void failed(Collection<Integer> places, Throwable cause) {
      for (int place : places) {
        waiters.unanswered(requests.get(place));
        answers.set(place, failed(requests.get(place), cause));
      }
      closeOne();
    }

    private Future<Response> failed(RedisRequest request, Throwable cause) {
      if (startsWith(cause, "CONNECTION_CLOSED") || startsWith(cause, "Connection is closed")) {
        connector.ended(connection);
      } else if (RedisErrors.isNotHere(cause.getMessage())) {
        connector.lost(connection);
      }
      return Future.failedFuture(config.name().unavailable("did not answer the " + request, cause));
    }

    /** The error of one operation; its neighbours went well. */
    private Future<Response> refused(RedisRequest operation, String error) {
      if (RedisErrors.isNotHere(error)) {
        connector.lost(connection);
      }
      return Future.failedFuture(
          ErrorCode.BACKEND_UNAVAILABLE.failure(
              config.name()
                  + " refused the "
                  + operation
                  + " (its record is "
                  + operation.record()
                  + "): "
                  + config.name().safe(error)));
    }

    private void closeOne() {
      if (--open == 0) {
        underWay.remove(this);
        answer.tryComplete(answers);
      }
    }
  }

  private static boolean isOutOfMemory(Response answer) {
    return answer != null
        && LeaseAnswers.isError(answer)
        && RedisErrors.isOutOfMemory(answer.toString());
  }

  private static boolean isLate(Response answer) {
    return answer != null && LeaseAnswers.isError(answer) && RedisErrors.isLate(answer.toString());
  }

  private static boolean startsWith(Throwable failure, String prefix) {
    return failure.getMessage() != null && failure.getMessage().startsWith(prefix);
  }
}
