package dev.conclave.model.world;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.Watch;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** A process's way to the store: every request, answer and hint is a message on its way. */
final class ModelBackend extends ForwardingStore {
  private final World world;
  private final ModelProcess process;
  private final boolean stampsLate;

  /**
   * @param stampsLate the error of computing from the answer instead of from the request: the
   *     process's clock is set back by the time that a grant or a renewal took, so that its stamp
   *     from before the sending is the time of the answer
   */
  ModelBackend(World world, ModelProcess process, SyncBackend store, boolean stampsLate) {
    super(store);
    this.world = world;
    this.process = process;
    this.stampsLate = stampsLate;
  }

  private <T> Future<T> send(String what, Supplier<Future<T>> operation) {
    Promise<T> promise = Promise.promise();
    long sentAt = process.nanoTime();
    world.post.toStore(process, what, () -> handle(what, sentAt, operation, promise));
    return promise.future();
  }

  private <T> void handle(
      String what, long sentAt, Supplier<Future<T>> operation, Promise<T> promise) {
    Future<T> answer = operation.get();
    Object result = answer.result();
    world.tell("the store: " + result);
    world.post.toProcess(
        process,
        "answer to " + what,
        () -> {
          boolean good =
              Boolean.TRUE.equals(result) || (result instanceof Acquisition a && a.granted());
          if (stampsLate && good) {
            process.setClockBack(process.nanoTime() - sentAt);
          }
          answer.onComplete(promise);
        });
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    LeaseRequest.Waiter waiter = request.waiter();
    LeaseRequest sent =
        waiter == null
            ? request
            : request.waiting(
                waiter.patience(), () -> world.post.notification(process, waiter.notification()));
    return send("acquire", () -> store.acquire(sent));
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    return send("extend", () -> store.extend(key, token, duration));
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    return send("release", () -> store.release(key, token));
  }

  @Override
  public Future<Optional<Lease>> find(LeaseKey key) {
    return send("find", () -> store.find(key));
  }

  @Override
  public Watch watch(LeaseKey key, Runnable hint) {
    return store.watch(key, () -> world.post.hint(process, hint));
  }
}
