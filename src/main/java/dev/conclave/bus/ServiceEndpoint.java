package dev.conclave.bus;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Handler;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The service's side of a service on the event bus: its actions with their arguments.
 *
 * <p>Any client can send any message to an address. The handlers that Vert.x generates for service
 * proxies trust the types in a message: an unsuitable message leads to an arbitrary exception,
 * which is logged too, and a wrong type inside a data object counts as absent. Every message is
 * therefore checked here first. An unsuitable one is answered with {@link ErrorCode#INVALID}, with
 * a message that names the argument and what was expected.
 */
public final class ServiceEndpoint {
  private static final int SHOWN = 40;

  private final Map<String, List<Argument>> actions = new HashMap<>();

  /** Accepts one more action. Must not be called after {@link #bind}. */
  public ServiceEndpoint action(String name, Argument... arguments) {
    actions.put(name, List.of(arguments));
    return this;
  }

  /**
   * Registers the handler at the address; it receives only suitable messages.
   *
   * @param local whether to accept messages from this Vert.x instance only
   * @param handler the generated handler of the service
   */
  public MessageConsumer<JsonObject> bind(
      EventBus bus, String address, boolean local, Handler<Message<JsonObject>> handler) {
    return local
        ? bus.localConsumer(address, checked(handler))
        : bus.consumer(address, checked(handler));
  }

  private Handler<Message<JsonObject>> checked(Handler<Message<JsonObject>> handler) {
    return message -> {
      String wrong = wrongWith(message);
      if (wrong == null) {
        handler.handle(message);
      } else {
        message.reply(ErrorCode.INVALID.failure(wrong));
      }
    };
  }

  private String wrongWith(Message<?> message) {
    String action = message.headers().get("action");
    List<Argument> arguments = action == null ? null : actions.get(action);
    if (arguments == null) {
      return (action == null
              ? "the message's header 'action' is missing"
              : "the message's action '" + shown(action) + "' is unknown")
          + "; expected one of "
          + String.join(", ", new TreeSet<>(actions.keySet()));
    }
    if (!(message.body() instanceof JsonObject body)) {
      return "the body of a message with action '"
          + action
          + "' is "
          + (message.body() == null ? "missing" : "not an object")
          + "; expected an object with its arguments";
    }
    return Argument.firstWrong("", arguments, body);
  }

  private static String shown(String text) {
    String head = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    return head.replaceAll("\\p{Cntrl}", "?");
  }
}
