package dev.conclave.examples;

import dev.conclave.ConclaveVerticle;
import dev.conclave.election.LeaderElectionService;
import dev.conclave.election.LeadershipEvent;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockService;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What {@code mvn -q compile exec:java} shows: three workers compete for one election, and three
 * clients for one lock, until Ctrl-C. {@code -Dconf=conf/redis.json} runs it on a store that other
 * processes share.
 */
public final class Demo {
  private static final Logger CONCLAVE_LOG = Logger.getLogger("dev.conclave");
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final List<String> WORKERS = List.of("alice", "bob", "carol");
  private static final List<String> CLIENTS = List.of("dora", "emil", "fred");
  private static final long STEP_DOWN_EVERY = 8_000;
  private static final String LOCK = "demo-room";

  private final Vertx vertx;
  private final PrintStream out;
  private final String election;
  private final Set<String> leading = new HashSet<>();

  private Demo(Vertx vertx, PrintStream out, String election) {
    this.vertx = vertx;
    this.out = out;
    this.election = election;
  }

  /** Starts the demonstration on one event loop of this Vert.x. */
  public static Future<Void> start(Vertx vertx, JsonObject config, PrintStream out) {
    JsonObject full = withThreeWorkers(config);
    String election = full.getJsonArray("elections").getJsonObject(0).getString("election");
    Demo demo = new Demo(vertx, out, election);
    return Future.future(
        promise ->
            vertx.getOrCreateContext().runOnContext(entered -> demo.run(full).onComplete(promise)));
  }

  private Future<Void> run(JsonObject config) {
    vertx
        .eventBus()
        .<JsonObject>localConsumer(
            LeadershipEvent.address(election), message -> report(message.body()));
    return vertx
        .deployVerticle(new ConclaveVerticle(), new DeploymentOptions().setConfig(config))
        .map(
            deployed -> {
              vertx.setPeriodic(STEP_DOWN_EVERY, timer -> stepDown());
              LockService locks = LockService.createProxy(vertx);
              CLIENTS.forEach(client -> contend(client, locks));
              return null;
            });
  }

  /** A file with one election gets three workers for it, named after this process. */
  private static JsonObject withThreeWorkers(JsonObject config) {
    JsonArray elections = config.getJsonArray("elections", new JsonArray());
    if (elections.size() > 1) {
      return config;
    }
    JsonObject one =
        elections.isEmpty() ? new JsonObject().put("election", "demo") : elections.getJsonObject(0);
    JsonArray three = new JsonArray();
    for (String worker : WORKERS) {
      three.add(one.copy().put("worker", worker + "@" + ProcessHandle.current().pid()));
    }
    JsonObject full = config.copy().put("elections", three);
    return full.containsKey("locks") ? full : full.put("locks", new JsonObject());
  }

  private void report(JsonObject event) {
    String worker = event.getString("worker");
    String reason = event.getString("reason");
    if (event.getBoolean("leading")) {
      leading.add(worker);
      print("election '%s': %s LEADS, fencing token %d", election, worker, fence(event));
    } else if (leading.remove(worker)) {
      print("election '%s': %s leads no more (%s)", election, worker, reason);
    }
  }

  private static long fence(JsonObject event) {
    return event.getLong("fencingToken");
  }

  private void stepDown() {
    for (String worker : Set.copyOf(leading)) {
      print("election '%s': asking %s to step down for 2 s", election, worker);
      LeaderElectionService.createWorkerProxy(vertx, election, worker)
          .resign(2_000)
          .onFailure(failure -> print("it did not: %s", failure.getMessage()));
    }
  }

  private void contend(String client, LockService locks) {
    String owner = client + "@" + ProcessHandle.current().pid();
    long requestedAt = System.nanoTime();
    DistributedLock.create(
            vertx, locks, LOCK, new LockOptions().setOwner(owner).setWaitTimeout(30_000))
        .withLock(
            handle -> {
              print(
                  "lock '%s': %s holds it after %d ms, fencing token %d",
                  LOCK,
                  owner,
                  TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - requestedAt),
                  handle.fencingToken());
              return vertx.timer(1_000 + ThreadLocalRandom.current().nextLong(1_500));
            })
        .onFailure(failure -> print("lock '%s': %s %s", LOCK, owner, ending(failure)))
        // When Vert.x closes, the pause fails, and the client ends.
        .onComplete(released -> vertx.timer(500).onSuccess(rested -> contend(client, locks)));
  }

  private static String ending(Throwable failure) {
    if (failure instanceof CancellationException) {
      return "is cut off while it holds it";
    }
    return ErrorCode.CLOSED.is(failure)
        ? "waits no longer: " + failure.getMessage()
        : "did not get it: " + failure.getMessage();
  }

  private void print(String format, Object... values) {
    out.println(LocalTime.now().format(CLOCK) + "  " + String.format(format, values));
  }

  /** Runs until Ctrl-C and then steps down cleanly. */
  public static void main(String[] args) throws InterruptedException {
    // The demonstration prints changes of the leadership itself.
    CONCLAVE_LOG.setLevel(Level.WARNING);
    Vertx vertx = Vertx.vertx();
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(vertx, ended)));
    String file = System.getProperty("conf", "conf/memory.json");
    System.out.printf("Conclave on %s; Ctrl-C ends it.%n", file);
    start(vertx, read(file), System.out)
        .onFailure(
            failure -> {
              System.err.println(failure.getMessage());
              vertx.close().onComplete(closed -> ended.countDown());
            });
    ended.await();
  }

  private static void stop(Vertx vertx, CountDownLatch ended) {
    System.out.println("stepping down");
    CountDownLatch closed = new CountDownLatch(1);
    vertx.close().onComplete(done -> closed.countDown());
    try {
      if (closed.await(15, TimeUnit.SECONDS)) {
        System.out.println("released everything");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    ended.countDown();
  }

  private static JsonObject read(String file) {
    try {
      return new JsonObject(Files.readString(Path.of(file)));
    } catch (IOException unreadable) {
      throw new IllegalArgumentException("-Dconf=" + file + " cannot be read", unreadable);
    } catch (DecodeException broken) {
      throw new IllegalArgumentException("-Dconf=" + file + " is not a JSON object", broken);
    }
  }
}
