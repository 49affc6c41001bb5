package dev.conclave.lock;

import static dev.conclave.bus.Argument.flag;
import static dev.conclave.bus.Argument.integer;
import static dev.conclave.bus.Argument.object;
import static dev.conclave.bus.Argument.text;
import static dev.conclave.bus.Argument.whole;

import dev.conclave.bus.Argument;
import dev.conclave.bus.ServiceEndpoint;

/** The messages of the lock service on the event bus. */
final class LockMessages {
  private static final Argument NAME = text("name");
  private static final Argument TOKEN = text("token");
  private static final Argument LEASE_DURATION = whole("leaseDuration");

  private LockMessages() {}

  /** The calls of a {@link LockService}. */
  static ServiceEndpoint calls() {
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

  /** The calls, and what the instances on one address send to each other. */
  static ServiceEndpoint withWithdrawals() {
    return calls().action(LockEndpoint.ACTION, NAME, TOKEN, text("from").orNull());
  }
}
