package dev.conclave.task;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/** The generated proxy, made to fail as a manager in this process does. */
final class RemoteTaskService implements TaskService {
  private final String address;
  private final TaskService proxy;

  RemoteTaskService(Vertx vertx, String address) {
    this.address = address;
    this.proxy = new TaskServiceVertxEBProxy(vertx, address);
  }

  @Override
  public Future<List<TaskInfo>> list() {
    return proxy.list().recover(this::translated);
  }

  @Override
  public Future<TaskInfo> trigger(String name) {
    return proxy.trigger(name).recover(this::translated);
  }

  @Override
  public Future<Boolean> pause(String name) {
    return proxy.pause(name).recover(this::translated);
  }

  @Override
  public Future<Boolean> resume(String name) {
    return proxy.resume(name).recover(this::translated);
  }

  @Override
  public Future<Boolean> reset(String name) {
    return proxy.reset(name).recover(this::translated);
  }

  private <T> Future<T> translated(Throwable failure) {
    return Future.failedFuture(
        ErrorCode.of(failure) != null
            ? failure
            : ErrorCode.BACKEND_UNAVAILABLE.failure(
                "no task manager answered on '" + address + "': " + failure.getMessage()));
  }
}
