package dev.conclave.model.world;

import dev.conclave.lock.LockGrant;
import dev.conclave.lock.LockInfo;
import dev.conclave.lock.LockPage;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.function.Supplier;

/** A process's way to the lock service of another process: calls and answers are messages. */
public final class ModelBus implements LockService {
  private final World world;
  private final ModelProcess caller;
  private final ModelProcess server;
  private final LockService service;
  private final boolean forgetsDrift;

  /**
   * @param forgetsDrift the error of adding the time that the service waited, by its clock, to the
   *     caller's: what the caller takes off for two clocks is put on again
   */
  public ModelBus(
      World world,
      ModelProcess caller,
      ModelProcess server,
      LockService service,
      boolean forgetsDrift) {
    this.world = world;
    this.caller = caller;
    this.server = server;
    this.service = service;
    this.forgetsDrift = forgetsDrift;
  }

  private <T> Future<T> send(String what, Supplier<Future<T>> call) {
    Promise<T> promise = Promise.promise();
    world.post.toProcess(
        server,
        what,
        () ->
            call.get()
                .onComplete(
                    answer ->
                        world.post.toProcess(
                            caller,
                            "answer to " + what,
                            () -> promise.complete(answer.result(), answer.cause()))));
    return promise.future();
  }

  @Override
  public Future<LockGrant> acquire(LockRequest request) {
    return send("acquire", () -> service.acquire(request)).map(this::received);
  }

  private LockGrant received(LockGrant grant) {
    return forgetsDrift ? grant.setWaited(grant.getWaited() * 50 / 49) : grant;
  }

  @Override
  public Future<Void> extend(String name, String token, long leaseDuration) {
    return send("extend", () -> service.extend(name, token, leaseDuration));
  }

  @Override
  public Future<Boolean> release(String name, String token) {
    return send("release", () -> service.release(name, token));
  }

  @Override
  public Future<Boolean> locked(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Boolean> owned(String name, String token) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<LockInfo> find(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<LockPage> list(String prefix, String page, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Future<Boolean> revoke(String name) {
    throw new UnsupportedOperationException();
  }
}
