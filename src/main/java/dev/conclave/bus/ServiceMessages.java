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
 * The messages that one kind of service accepts: its actions with their arguments.
 *
 * <p>Anybody can send anything to an address. The handlers which Vert.x generates for service
 * proxies take a message apart trusting its types: what does not fit is answered with whatever
 * exception that leads to, which goes to the log as well, and a wrong type inside a data object
 * counts as absent. So every message is looked at here first, and one that does not fit is answered
 * with {@link ErrorCode#INVALID}: a sentence that names the argument and what was expected.
 */
public final class ServiceMessages {
  private static final int SHOWN = 40;

  private final Map<String, List<Argument>> actions = new HashMap<>();

  /** Accepts one more action, which must not be called any more once this is listening. */
  public ServiceMessages action(String name, Argument... arguments) {
    actions.put(name, List.of(arguments));
    return this;
  }

  /**
   * Lets the handler have the messages that fit.
   *
   * @param handler the generated handler of the service
   */
  public MessageConsumer<JsonObject> listen(
      EventBus bus, String address, Handler<Message<JsonObject>> handler) {
    return bus.consumer(address, checked(handler));
  }

  /** As {@link #listen}, for messages from this Vert.x instance only. */
  public MessageConsumer<JsonObject> listenLocally(
      EventBus bus, String address, Handler<Message<JsonObject>> handler) {
    return bus.localConsumer(address, checked(handler));
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
          + (message.body() == null ? "missing" : "no object")
          + "; expected an object with its arguments";
    }
    return Argument.firstWrong("", arguments, body);
  }

  private static String shown(String text) {
    String head = text.length() > SHOWN ? text.substring(0, SHOWN) + "…" : text;
    return head.replaceAll("\\p{Cntrl}", "?");
  }
}
