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
 * The generated proxy, with the failures of a local service.
 *
 * <ol>
 *   <li>There are several generated proxies on one address, for different time-outs. An {@code
 *       acquire} may take as long as the request may wait, rounded up so that there are few
 *       proxies. Any other call may take as long as a request to the backend.
 *   <li>A failure of the event bus (no handler, no answer) becomes {@code BACKEND_UNAVAILABLE}.
 *   <li>An acquire without an answer may have been granted, so its token is released, unless no
 *       handler received it. The acquire fails after the release: a caller that retries at once
 *       with its token would lose the new lease to a release that arrives later.
 * </ol>
 */
final class RemoteLockService implements LockService {
  /** Time for the bus and the service, in addition to that for the backend. */
  private static final long SLACK = 2_000;

  private final Vertx vertx;
  private final String address;
  private final long maxWait;
  private final long requestTimeout;
  private final LockService noWait;
  private final ServiceClient client;
  private final Map<Long, LockService> byWait = new ConcurrentHashMap<>();

  RemoteLockService(Vertx vertx, LockServiceOptions options) {
    this.vertx = vertx;
    address = options.getAddress();
    maxWait = options.getMaxWait();
    requestTimeout = options.getBackendTimeout() + SLACK;
    noWait = proxy(requestTimeout);
    client =
        new ServiceClient(
            "the lock service on '" + address + "'",
            "no lock service listens on '" + address + "': deploy a LockServiceVerticle there");
  }

  private LockService proxy(long timeout) {
    return new LockServiceVertxEBProxy(
        vertx, address, new DeliveryOptions().setSendTimeout(timeout));
  }

  private LockService proxyFor(long waitTimeout) {
    if (waitTimeout <= 0) {
      return noWait;
    }
    long rounded = Math.max(1024, Long.highestOneBit(Math.min(waitTimeout, maxWait)) * 2);
    return byWait.computeIfAbsent(rounded, wait -> proxy(wait + requestTimeout));
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
    return client
        .raw(() -> proxyFor(sent.getWaitTimeout()).acquire(sent))
        .recover(
            failure -> {
              Throwable translated = client.translated(failure);
              if (ErrorCode.of(failure) != null || ServiceClient.isUndelivered(failure)) {
                return Future.failedFuture(translated);
              }
              return release(sent.getName(), sent.getToken())
                  .transform(released -> Future.failedFuture(translated));
            });
  }

  @Override
  public Future<Void> extend(String name, String token, long leaseDuration) {
    return client.call(() -> noWait.extend(name, token, leaseDuration));
  }

  @Override
  public Future<Boolean> release(String name, String token) {
    return client.call(() -> noWait.release(name, token));
  }

  @Override
  public Future<Boolean> locked(String name) {
    return client.call(() -> noWait.locked(name));
  }

  @Override
  public Future<Boolean> owned(String name, String token) {
    return client.call(() -> noWait.owned(name, token));
  }

  @Override
  public Future<LockInfo> find(String name) {
    return client.call(() -> noWait.find(name));
  }

  @Override
  public Future<LockPage> list(String prefix, String page, int limit) {
    return client.call(() -> noWait.list(prefix, page, limit));
  }

  @Override
  public Future<Boolean> revoke(String name) {
    return client.call(() -> noWait.revoke(name));
  }
}
