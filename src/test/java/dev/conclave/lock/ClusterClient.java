package dev.conclave.lock;

import static dev.conclave.testing.Async.get;

import dev.conclave.testing.LoopbackCluster;
import dev.conclave.testing.Ports;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;

/** The other JVM: it knows the lock services only by their addresses. */
public final class ClusterClient {
  private ClusterClient() {}

  /** Arguments: the first member's port, and {@code provoke}, {@code use} or {@code wait}. */
  public static void main(String[] arguments) {
    Vertx vertx = LoopbackCluster.join(Ports.free(), Integer.parseInt(arguments[0]));
    LockService sound = proxy(vertx, "sound");
    switch (arguments[1]) {
      case "provoke":
        JsonArray seen = get(Provocations.run(sound, proxy(vertx, "broken")));
        System.out.println("seen " + seen.encode());
        break;
      case "use":
        use(sound);
        break;
      default:
        System.out.println("waiting");
        get(sound.acquire(Provocations.request("held", "from afar", 4_000)));
        break;
    }
    get(vertx.close());
  }

  private static LockService proxy(Vertx vertx, String address) {
    return LockService.createProxy(vertx, new LockServiceOptions().setAddress(address));
  }

  private static void use(LockService service) {
    LockGrant grant = get(service.acquire(Provocations.request("afar", "a", 0)));
    get(service.extend("afar", "a", 30_000));
    boolean right =
        get(service.locked("afar"))
            && get(service.owned("afar", "a"))
            && get(service.find("afar")).getFencingToken() == grant.getFencingToken()
            && get(service.find("nothing")) == null
            && get(service.list("af", null, 10)).getLocks().size() == 1
            && get(service.release("afar", "a"))
            && !get(service.release("afar", "a"))
            && get(service.acquire(Provocations.request("afar", "b", 0))).getFencingToken()
                > grant.getFencingToken()
            && get(service.revoke("afar"))
            && !get(service.locked("afar"));
    System.out.println("verdict " + right);
  }
}
