package dev.conclave.lock;

import dev.conclave.lease.Tokens;
import dev.conclave.time.CallerContext;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Ends a wait at the instance of a lock service where the request waits.
 *
 * <ol>
 *   <li>Several instances may listen on one address, and a message reaches one of them. So a
 *       release that gives up a wait may reach another instance than the one where the request
 *       waits.
 *   <li>An instance publishes a withdrawal on every address where it listens, unless the store
 *       reported that the token held the lock. Every instance there ends the waits of that token.
 *   <li>An instance ignores its own withdrawals. It has ended its own waits before, and a new
 *       request with the same token may be waiting by then.
 * </ol>
 *
 * <p>A withdrawal needs the token, as a release does, and never ends a lease. So it permits nothing
 * that a release does not.
 *
 * <p>May be used from any thread.
 */
final class LockEndpoint {
  /** The action of the message, next to the methods of {@link LockService}. */
  static final String ACTION = "withdraw";

  private record Address(EventBus bus, String name) {}

  private final String instance = Tokens.random();
  private final Set<Address> addresses = ConcurrentHashMap.newKeySet();
  private final BiConsumer<String, String> endWaits;

  /**
   * @param endWaits ends the waits here, given the name of a lock and a token
   */
  LockEndpoint(BiConsumer<String, String> endWaits) {
    this.endWaits = endWaits;
  }

  /** Registers the service and its withdrawals at this address. */
  MessageConsumer<JsonObject> bind(Vertx vertx, String address, LockService service) {
    Handler<Message<JsonObject>> calls = new LockServiceVertxProxyHandler(vertx, service);
    addresses.add(new Address(vertx.eventBus(), address));
    return LockMessages.withWithdrawals()
        .bind(
            vertx.eventBus(),
            address,
            false,
            message -> {
              if (ACTION.equals(message.headers().get("action"))) {
                received(message);
              } else {
                calls.handle(message);
              }
            });
  }

  private void received(Message<JsonObject> message) {
    JsonObject body = message.body();
    if (!instance.equals(body.getString("from"))) {
      endWaits.accept(body.getString("name"), body.getString("token"));
    }
    message.reply(null);
  }

  /** Makes the other instances end the waits of this token. */
  void publish(String name, String token) {
    JsonObject body = new JsonObject().put("name", name).put("token", token).put("from", instance);
    DeliveryOptions options = new DeliveryOptions().addHeader("action", ACTION);
    for (Address address : addresses) {
      CallerContext.guarded(() -> address.bus().publish(address.name(), body, options));
    }
  }
}
