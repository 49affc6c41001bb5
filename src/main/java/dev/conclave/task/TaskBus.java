package dev.conclave.task;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceBinder;

/** What a manager does on the event bus. */
interface TaskBus {
  /** Begins to answer calls for the service. */
  Future<Void> open(TaskService service);

  /** Answers no more. */
  Future<Void> close();

  /** Tells who listens. */
  void publish(String address, JsonObject event);

  /** The event bus of a Vert.x instance. */
  static TaskBus of(Vertx vertx, TaskManagerOptions options) {
    return new TaskBus() {
      private MessageConsumer<JsonObject> consumer;

      @Override
      public Future<Void> open(TaskService service) {
        consumer =
            new ServiceBinder(vertx)
                .setAddress(options.getAddress())
                .register(TaskService.class, service);
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
