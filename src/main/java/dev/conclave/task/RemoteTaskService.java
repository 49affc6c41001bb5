package dev.conclave.task;

import dev.conclave.bus.ServiceClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;

/** The generated proxy, with the failures of a manager in this process. */
final class RemoteTaskService implements TaskService {
  private final TaskService proxy;
  private final ServiceClient calls;

  RemoteTaskService(Vertx vertx, String address) {
    this.calls =
        new ServiceClient(
            "the task manager on '" + address + "'",
            "no task manager listens on '" + address + "'");
    this.proxy = new TaskServiceVertxEBProxy(vertx, address);
  }

  @Override
  public Future<List<TaskInfo>> list() {
    return calls.call(() -> proxy.list());
  }

  @Override
  public Future<TaskInfo> trigger(String name) {
    return calls.call(() -> proxy.trigger(name));
  }

  @Override
  public Future<Boolean> pause(String name) {
    return calls.call(() -> proxy.pause(name));
  }

  @Override
  public Future<Boolean> resume(String name) {
    return calls.call(() -> proxy.resume(name));
  }

  @Override
  public Future<Boolean> reset(String name) {
    return calls.call(() -> proxy.reset(name));
  }
}
