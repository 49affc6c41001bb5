package dev.conclave.lock;

import dev.conclave.bus.ServiceClient;
import dev.conclave.error.ErrorCode;
import dev.conclave.lease.Tokens;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.serviceproxy.ServiceException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The generated proxy, made to fail as a local service does.
 *
 * <ol>
 *   <li>Several proxies on one address: answers to {@code acquire} may take as long as the request
 *       may wait, rounded up so that there are few of them, all others as long as a call of the
 *       backend.
 *   <li>What the event bus itself reports (nobody listens, no answer) becomes {@code
 *       BACKEND_UNAVAILABLE}.
 *   <li>An acquire without an answer may have been granted: its token is released, unless nobody
 *       was there to get it. The acquire fails when the release has been answered, or was not in
 *       time: a caller that retries with its token at once would lose the new lease to a release
 *       that arrives later.
 * </ol>
 */
final class RemoteLockService implements LockService {
  /** What the bus and the service may take on top of the time that the backend is given. */
  private static final long SLACK = 2_000;

  private final Vertx vertx;
  private final String address;
  private final long maxWait;
  private final long call;
  private final LockService prompt;
  private final ServiceClient calls;
  private final Map<Long, LockService> patient = new ConcurrentHashMap<>();

  RemoteLockService(Vertx vertx, LockServiceOptions options) {
    this.vertx = vertx;
    address = options.getAddress();
    maxWait = options.getMaxWait();
    call = options.getBackendTimeout() + SLACK;
    prompt = proxy(call);
    calls =
        new ServiceClient(
            "the lock service on '" + address + "'",
            "no lock service listens on '" + address + "': deploy a LockServiceVerticle there");
  }

  private LockService proxy(long timeout) {
    return new LockServiceVertxEBProxy(
        vertx, address, new DeliveryOptions().setSendTimeout(timeout));
  }

  private LockService patientFor(long waitTimeout) {
    if (waitTimeout <= 0) {
      return prompt;
    }
    long rounded = Math.max(1024, Long.highestOneBit(Math.min(waitTimeout, maxWait)) * 2);
    return patient.computeIfAbsent(rounded, wait -> proxy(wait + call));
  }

  @Override
  public Future<LockGrant> acquire(LockRequest request) {
    LockRequest sent;
    try {
      sent = LockRequest.checked(request);
    } catch (ServiceException refused) {
      return Future.failedFuture(refused);
    }
    if (sent.getToken() == null) {
      sent.setToken(Tokens.random()).setNewToken(true);
    }
    return calls
        .raw(() -> patientFor(sent.getWaitTimeout()).acquire(sent))
        .recover(
            failure -> {
              Throwable told = calls.translated(failure);
              if (ErrorCode.of(failure) != null || ServiceClient.isUndelivered(failure)) {
                return Future.failedFuture(told);
              }
              return release(sent.getName(), sent.getToken())
                  .transform(released -> Future.failedFuture(told));
            });
  }

  @Override
  public Future<Void> extend(String name, String token, long leaseDuration) {
    return calls.call(() -> prompt.extend(name, token, leaseDuration));
  }

  @Override
  public Future<Boolean> release(String name, String token) {
    return calls.call(() -> prompt.release(name, token));
  }

  @Override
  public Future<Boolean> locked(String name) {
    return calls.call(() -> prompt.locked(name));
  }

  @Override
  public Future<Boolean> owned(String name, String token) {
    return calls.call(() -> prompt.owned(name, token));
  }

  @Override
  public Future<LockInfo> find(String name) {
    return calls.call(() -> prompt.find(name));
  }

  @Override
  public Future<LockPage> list(String prefix, String page, int limit) {
    return calls.call(() -> prompt.list(prefix, page, limit));
  }

  @Override
  public Future<Boolean> revoke(String name) {
    return calls.call(() -> prompt.revoke(name));
  }
}
