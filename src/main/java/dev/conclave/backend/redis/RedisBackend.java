package dev.conclave.backend.redis;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.Register;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import dev.conclave.backend.support.GroupCommit;
import dev.conclave.backend.support.Offers;
import dev.conclave.backend.support.Waiters;
import dev.conclave.error.ErrorCode;
import dev.conclave.time.CallerContext;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import io.vertx.serviceproxy.ServiceException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Leases in Redis.
 *
 * <ol>
 *   <li>Every operation is one run of {@link LeaseScript}; concurrent requests share a call ({@link
 *       GroupCommit}, {@link RedisTransport}).
 *   <li>One connection carries them ({@link RedisConnector}); a second one subscribes to
 *       notifications ({@link RedisHints}).
 *   <li>{@link Waiters} and {@link Offers} know this client's part of the queues; {@link
 *       RedisListing} reads pages.
 * </ol>
 */
final class RedisBackend implements SyncBackend {
  /** A thousand renewals fit into one batch; the server takes a few ms for it. */
  private static final int MAX_BATCH = 1024;

  private static final int MAX_IN_FLIGHT = 2;

  /** How often marks are renewed and connections checked. */
  static final Duration BEAT = Duration.ofSeconds(15);

  private final ContextScheduler scheduler;
  private final RedisName server;
  private final String prefix;
  private final GroupCommit<RedisRequest, Response> requests;
  private final RedisConnector connector;
  private final Waiters waiters;
  private final Offers offers;
  private final RedisHints hints;
  private final RedisListing listing;
  private final Duration beat;
  private volatile boolean closed;

  RedisBackend(Vertx vertx, RedisConfig config) {
    this(vertx, config, BEAT);
  }

  RedisBackend(Vertx vertx, RedisConfig config, Duration beat) {
    this.server = config.name();
    this.prefix = config.prefix();
    this.beat = beat;
    this.scheduler = new ContextScheduler(vertx, vertx.getOrCreateContext());
    String channel = config.prefix() + ":client:" + randomId();
    this.waiters = new Waiters(scheduler);
    this.offers = new Offers(scheduler, this::lapse);
    RedisTransport transport =
        new RedisTransport(
            vertx,
            scheduler,
            config,
            new LeaseScript(config.idleRetention(), channel, config.isOneServer()),
            waiters,
            offers,
            this::listening);
    this.connector = transport.connector();
    this.requests =
        new GroupCommit<>(
            scheduler,
            new GroupCommit.Limits(config.timeout(), MAX_BATCH, MAX_IN_FLIGHT),
            transport);
    this.hints =
        new RedisHints(
            vertx,
            scheduler,
            config,
            channel,
            waiters,
            record -> requests.submit(RedisRequest.watch(record, RedisHints.MARK)));
    connector.pairWith(hints.connector());
    this.listing = new RedisListing(config, this::command, this::find);
    scheduler.execute(this::beatLater);
  }

  private Future<Void> listening() {
    return hints.start();
  }

  private void beatLater() {
    scheduler.schedule(beat.toNanos(), this::beat);
  }

  private void beat() {
    connector.check();
    hints.connector().check();
    hints.markAll();
    beatLater();
  }

  private static String randomId() {
    byte[] id = new byte[12];
    new SecureRandom().nextBytes(id);
    return HexFormat.of().formatHex(id);
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    return run(
        RedisRequest.acquire(prefix, request),
        answer ->
            answer.type() == ResponseType.NUMBER
                ? new Acquisition.Granted(answer.toLong())
                : new Acquisition.Refused(LeaseAnswers.lease(request.key(), answer)));
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          LeaseRequest.checkDuration(duration);
          return run(RedisRequest.extend(prefix, key, token, duration), RedisBackend::isSet);
        });
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          return run(RedisRequest.release(prefix, key, token), RedisBackend::isSet);
        });
  }

  @Override
  public Future<Void> leave(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          return run(RedisRequest.leave(prefix, key, token), answer -> null);
        });
  }

  @Override
  public Future<Boolean> revoke(LeaseKey key) {
    return run(RedisRequest.revoke(prefix, key), RedisBackend::isSet);
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return run(
        RedisRequest.find(prefix, key),
        answer -> Optional.ofNullable(answer).map(found -> LeaseAnswers.lease(key, found)));
  }

  @Override
  public Future<Boolean> owns(LeaseKey key, String token) {
    return CallerContext.attempt(
        () -> {
          LeaseRequest.checkToken(token);
          return run(RedisRequest.owns(prefix, key, token), RedisBackend::isSet);
        });
  }

  @Override
  public Future<LeasePage> list(LeaseKey.Kind kind, String prefix, String page, int limit) {
    return CallerContext.attempt(
        () -> {
          LeasePage.checkLimit(limit);
          if (!LeaseKey.mayBeginAName(prefix)) {
            return command(Request.cmd(Command.PING))
                .map(reached -> new LeasePage(List.of(), null));
          }
          return listing
              .page(kind, prefix, page, limit)
              .recover(failure -> Future.failedFuture(named(failure)));
        });
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return closed ? () -> {} : hints.watch(RedisRequest.record(prefix, key), hint);
  }

  @Override
  public Future<Boolean> advance(String name, long mark) {
    return CallerContext.attempt(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          return run(RedisRequest.advance(prefix, name, mark), RedisBackend::isSet);
        });
  }

  @Override
  public Future<Optional<Register>> register(String name) {
    return CallerContext.attempt(
        () -> {
          LeaseKey.checkName(name);
          return run(
              RedisRequest.register(prefix, name),
              answer -> Optional.of(LeaseAnswers.register(answer)));
        });
  }

  @Override
  public Future<Boolean> retreat(String name, long mark) {
    return CallerContext.attempt(
        () -> {
          LeaseKey.checkName(name);
          Register.checkMark(mark);
          return run(RedisRequest.retreat(prefix, name, mark), RedisBackend::isSet);
        });
  }

  /** Fails as soon as an attempt to connect has failed, without waiting for a later one. */
  @Override
  public Future<Void> ping() {
    Promise<Void> reached = Promise.promise();
    scheduler.execute(
        () -> {
          if (closed) {
            reached.complete(); // the command below fails with CLOSED
          } else {
            connector.probe().onComplete(reached);
          }
        });
    Future<Void> pinged =
        reached
            .future()
            .recover(
                failure -> Future.failedFuture(server.unavailable("cannot be reached", failure)))
            .compose(up -> run(RedisRequest.ping(prefix), answer -> null));
    return CallerContext.answer(pinged);
  }

  @Override
  public String trouble() {
    Throwable last = connector.lastFailure();
    return last == null ? null : unreachable(last).getMessage();
  }

  private ServiceException unreachable(Throwable cause) {
    return server.unavailable("cannot be reached", cause);
  }

  @Override
  public Future<Void> close() {
    closed = true;
    requests.close();
    Promise<Void> done = Promise.promise();
    scheduler.execute(
        () -> {
          waiters.clear();
          offers.clear();
          Future<Void> ended = Future.join(hints.close(), connector.close()).mapEmpty();
          scheduler.close();
          ended.onComplete(done);
        });
    return CallerContext.answer(done.future());
  }

  /** How many waiters and offers this client remembers. */
  int footprint() {
    return waiters.size() + offers.size();
  }

  private void lapse(LeaseKey key) {
    requests.submit(RedisRequest.lapse(prefix, key));
  }

  private Future<Response> command(Request request) {
    return run(RedisRequest.command(request), answer -> answer);
  }

  private <T> Future<T> run(RedisRequest request, Function<Response, T> meaning) {
    return requests
        .submit(request)
        .transform(
            result ->
                result.succeeded()
                    ? understood(() -> meaning.apply(result.result()))
                    : Future.failedFuture(named(result.cause())));
  }

  private <T> Future<T> understood(Supplier<T> meaning) {
    try {
      return Future.succeededFuture(meaning.get());
    } catch (RuntimeException wrong) {
      return Future.failedFuture(named(LeaseAnswers.notUnderstood()));
    }
  }

  /** Adds the server's name to a failure that lacks it, such as a timeout. */
  private Throwable named(Throwable failure) {
    String name = server.toString();
    if (!(failure instanceof ServiceException)) {
      return server.unavailable("failed", failure);
    }
    if (!ErrorCode.BACKEND_UNAVAILABLE.is(failure) || failure.getMessage().contains(name)) {
      return failure;
    }
    Throwable last = connector.lastFailure();
    return last == null ? server.unavailable("is not available", failure) : unreachable(last);
  }

  /** The lowest bit is set when the operation changed a live lease. */
  private static boolean isSet(Response answer) {
    return (answer.toInteger() & 1) == 1;
  }
}
