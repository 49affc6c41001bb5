package dev.conclave.backend.kubernetes;

import dev.conclave.backend.kubernetes.FakeApiServer.Fault;
import dev.conclave.backend.kubernetes.FakeApiServer.Trouble;
import io.vertx.core.json.JsonObject;
import java.util.Random;

/** The fake API server for campaigns of faults: what goes wrong does so at random, for a while. */
public final class ChaosApiServer implements AutoCloseable {
  private final FakeApiServer server = FakeApiServer.start();

  /** Where it listens on the loopback interface. */
  public int port() {
    return server.port();
  }

  /**
   * A configuration that leads to it by way of another port.
   *
   * @param resource in what leases are kept there
   */
  public JsonObject config(String resource, int port) {
    return server.config(resource).put("apiServer", "http://127.0.0.1:" + port);
  }

  /**
   * Two of three requests are answered with one of these, some with Retry-After, and half of the
   * server's errors after it was carried out.
   */
  public void statuses(Random random, int... statuses) {
    Random own = new Random(random.nextLong());
    server.weather =
        verb -> {
          boolean well = own.nextInt(3) == 0;
          int status = statuses[own.nextInt(statuses.length)];
          String retryAfter = status == 429 || own.nextBoolean() ? "1" : null;
          boolean after = status >= 500 && !verb.equals("watch") && own.nextBoolean();
          Trouble trouble = after ? Trouble.STATUS_AFTER : Trouble.STATUS;
          return well ? null : new Fault(verb, trouble, status, retryAfter);
        };
  }

  /** One of three requests gets into trouble on its way there or back. */
  public void brokenAnswers(Random random) {
    Random own = new Random(random.nextLong());
    Trouble[] troubles = {Trouble.CUT_BEFORE, Trouble.CUT_AFTER, Trouble.SLOW, Trouble.HANG};
    server.weather =
        verb -> {
          Trouble trouble = troubles[own.nextInt(troubles.length)];
          boolean meets = own.nextInt(3) == 0 && !verb.equals("watch");
          return meets ? new Fault(verb, trouble, 0, null) : null;
        };
  }

  /** All is well from now on. */
  public void heal() {
    server.weather = verb -> null;
  }

  /** Ends all watches, in the orderly way or in the middle of a line. */
  public void endWatches(boolean orderly) {
    if (orderly) {
      server.endWatches();
    } else {
      server.cutWatches();
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
