package dev.conclave.task;

import dev.conclave.bus.Argument;
import dev.conclave.bus.ServiceEndpoint;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;

/** The event bus of a manager. */
interface TaskBus {
  /** The messages of {@link TaskService} on the event bus. */
  ServiceEndpoint ACCEPTED =
      new ServiceEndpoint()
          .action("list")
          .action("trigger", Argument.text("name"))
          .action("pause", Argument.text("name"))
          .action("resume", Argument.text("name"))
          .action("reset", Argument.text("name"));

  /** Begins to serve calls. */
  Future<Void> open(TaskService service);

  /** Ends the service. */
  Future<Void> close();

  /** Publishes an event. */
  void publish(String address, JsonObject event);

  /** The event bus of a Vert.x instance. */
  static TaskBus of(Vertx vertx, TaskManagerOptions options) {
    return new TaskBus() {
      private MessageConsumer<JsonObject> consumer;

      @Override
      public Future<Void> open(TaskService service) {
        consumer =
            ACCEPTED.bind(
                vertx.eventBus(),
                options.getAddress(),
                false,
                new TaskServiceVertxProxyHandler(vertx, service));
        return consumer.completion();
      }

      @Override
      public Future<Void> close() {
        return consumer == null ? Future.succeededFuture() : consumer.unregister();
      }

      @Override
      public void publish(String address, JsonObject event) {
        if (!options.getPublish().equals("none")) {
          boolean local = options.getPublish().equals("local");
          vertx.eventBus().publish(address, event, new DeliveryOptions().setLocalOnly(local));
        }
      }
    };
  }
}
