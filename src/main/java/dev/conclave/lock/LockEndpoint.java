package dev.conclave.lock;

import static dev.conclave.bus.Argument.flag;
import static dev.conclave.bus.Argument.integer;
import static dev.conclave.bus.Argument.object;
import static dev.conclave.bus.Argument.text;
import static dev.conclave.bus.Argument.whole;

import dev.conclave.bus.Argument;
import dev.conclave.bus.ServiceEndpoint;
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
 * A lock service on the event bus: its messages, and the withdrawals that its instances exchange. A
 * withdrawal ends a wait at the instance where the request waits.
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
  private static final String WITHDRAW = "withdraw";
  private static final Argument NAME = text("name");
  private static final Argument TOKEN = text("token");
  private static final Argument LEASE_DURATION = whole("leaseDuration");

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

  /** Registers a service without withdrawals at this address. */
  static MessageConsumer<JsonObject> bindAlone(Vertx vertx, String address, LockService service) {
    return calls()
        .bind(vertx.eventBus(), address, false, new LockServiceVertxProxyHandler(vertx, service));
  }

  private static ServiceEndpoint calls() {
    return new ServiceEndpoint()
        .action(
            "acquire",
            object(
                "request",
                NAME,
                TOKEN.orNull(),
                flag("newToken").orNull(),
                text("owner").orNull(),
                LEASE_DURATION.orNull(),
                whole("waitTimeout").orNull(),
                object("metadata").orNull()))
        .action("extend", NAME, TOKEN, LEASE_DURATION)
        .action("release", NAME, TOKEN)
        .action("locked", NAME)
        .action("owned", NAME, TOKEN)
        .action("find", NAME)
        .action("list", text("prefix").orNull(), text("page").orNull(), integer("limit"))
        .action("revoke", NAME);
  }

  /** Registers the service and its withdrawals at this address. */
  MessageConsumer<JsonObject> bind(Vertx vertx, String address, LockService service) {
    Handler<Message<JsonObject>> handler = new LockServiceVertxProxyHandler(vertx, service);
    addresses.add(new Address(vertx.eventBus(), address));
    return calls()
        .action(WITHDRAW, NAME, TOKEN, text("from").orNull())
        .bind(
            vertx.eventBus(),
            address,
            false,
            message -> {
              if (WITHDRAW.equals(message.headers().get("action"))) {
                received(message);
              } else {
                handler.handle(message);
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
  void withdraw(String name, String token) {
    JsonObject body = new JsonObject().put("name", name).put("token", token).put("from", instance);
    DeliveryOptions options = new DeliveryOptions().addHeader("action", WITHDRAW);
    for (Address address : addresses) {
      CallerContext.guarded(() -> address.bus().publish(address.name(), body, options));
    }
  }
}
