package dev.conclave.bench;

import dev.conclave.bench.peers.AsyncLocks;
import dev.conclave.bench.peers.BlockingLocks;
import dev.conclave.bench.peers.Contender;
import dev.conclave.bench.peers.Locks;
import dev.conclave.bench.peers.Place;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A process in which one contender works. It reads commands, one JSON object a line, and answers
 * each with one line.
 */
public final class Worker {
  private static final int NAMES_PER_LOOP = 32;

  private final Vertx vertx;
  private final Context context;
  private final Locks locks;
  private final List<Object> held = new ArrayList<>();

  private Worker(Vertx vertx, Context context, Locks locks) {
    this.vertx = vertx;
    this.context = context;
    this.locks = locks;
  }

  /** Begins: the one argument says who works where. */
  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    JsonObject start = new JsonObject(args[0]);
    Contender contender = Contender.of(start.getString("contender"));
    Vertx vertx =
        contender == Contender.VERTX_CLUSTERED
            ? Clusters.hazelcast().await(1, TimeUnit.MINUTES)
            : Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
    Context context = vertx.getOrCreateContext();
    Place place =
        new Place(
            vertx,
            start.getString("redis"),
            start.getString("postgres"),
            start.getLong("leaseMillis"));
    Locks locks = onContext(context, () -> contender.open(place)).await(1, TimeUnit.MINUTES);
    Worker worker = new Worker(vertx, context, locks);
    answers.println(new JsonObject().put("ready", true).encode());
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      JsonObject answer;
      try {
        answer = worker.obey(new JsonObject(line));
      } catch (Exception | LinkageError failed) {
        answer = new JsonObject().put("failed", String.valueOf(failed));
      }
      answers.println(answer.encode());
    }
    locks.close();
    vertx.close();
    System.exit(0);
  }

  private JsonObject obey(JsonObject command) throws Exception {
    return switch (command.getString("do")) {
      case "cycles" -> run(command, false);
      case "contend" -> run(command, true);
      case "hold" -> hold(command);
      case "letGo" -> letGo(command);
      case "await" -> await(command);
      case "usage" -> usage();
      default -> throw new IllegalArgumentException(command.encode());
    };
  }

  /** Runs loops over locks of their own, or all over one. */
  private JsonObject run(JsonObject command, boolean contend) {
    int loops = command.getInteger("loops");
    long first = command.getLong("first", 0L);
    long startAt = command.getLong("startAt", System.nanoTime());
    long endAt = startAt + TimeUnit.MILLISECONDS.toNanos(command.getLong("millis"));
    Witness witness = contend ? new Witness(Path.of(command.getString("witness"))) : null;
    List<Future<Tally>> ends = new ArrayList<>();
    pauseUntil(startAt);
    long cpu = cpuNanos();
    for (int i = 0; i < loops; i++) {
      String[] names =
          contend ? new String[] {command.getString("name")} : names("bench:" + (first + i));
      Course course = new Course(names, first + i + 1, startAt, endAt, witness);
      ends.add(
          locks instanceof AsyncLocks async
              ? new AsyncLoop(async, course, context).start()
              : new BlockingLoop((BlockingLocks) locks, course).start());
    }
    Future.all(ends).await();
    JsonObject report =
        new JsonObject()
            .put("nanos", contend ? endAt - startAt : System.nanoTime() - startAt)
            .put("cpuNanos", cpuNanos() - cpu)
            .put("overlaps", witness == null ? 0 : witness.overlaps());
    Histogram all = Tally.histogram();
    JsonArray perLoop = new JsonArray();
    for (Future<Tally> end : ends) {
      end.result().addTo(report, all);
      perLoop.add(end.result().done());
    }
    return report.put("perLoop", perLoop).put("histogram", Tally.encode(all));
  }

  private static String[] names(String prefix) {
    String[] names = new String[NAMES_PER_LOOP];
    for (int i = 0; i < names.length; i++) {
      names[i] = prefix + ":" + i;
    }
    return names;
  }

  /** Takes locks and keeps them, renewed; spread over a time so that renewals are. */
  private JsonObject hold(JsonObject command) throws Exception {
    int count = command.getInteger("count");
    String prefix = command.getString("prefix");
    long startAt = System.nanoTime();
    long gap = TimeUnit.MILLISECONDS.toNanos(command.getLong("spreadMillis", 0L)) / count;
    int together = gap == 0 ? 64 : 1;
    for (int i = 0; i < count; i += together) {
      pauseUntil(startAt + i * gap);
      hold(prefix, i, Math.min(count, i + together));
    }
    return new JsonObject().put("held", held.size());
  }

  private void hold(String prefix, int from, int to) throws Exception {
    if (locks instanceof AsyncLocks async) {
      List<Future<?>> holds = new ArrayList<>();
      for (int i = from; i < to; i++) {
        String name = prefix + i;
        long who = i + 1L;
        holds.add(onContext(context, () -> async.hold(name, who)));
      }
      Future.all(holds).await(1, TimeUnit.MINUTES);
      holds.forEach(hold -> held.add(hold.result()));
    } else {
      for (int i = from; i < to; i++) {
        held.add(((BlockingLocks) locks).hold(prefix + i));
      }
    }
  }

  /** Gives them back one after the other; says when each release began. */
  private JsonObject letGo(JsonObject command) throws Exception {
    JsonArray at = new JsonArray();
    for (int i = 0; i < held.size(); i++) {
      String name = command.getString("prefix") + i;
      Object lock = held.get(i);
      long who = i + 1L;
      at.add(System.nanoTime());
      if (locks instanceof AsyncLocks async) {
        onContext(context, () -> async.letGo(name, who, lock)).await(1, TimeUnit.MINUTES);
      } else {
        ((BlockingLocks) locks).release(name, lock);
      }
      TimeUnit.MILLISECONDS.sleep(command.getLong("gapMillis", 20L));
    }
    held.clear();
    return new JsonObject().put("at", at);
  }

  /** Waits for locks that others hold; says when each was granted. */
  private JsonObject await(JsonObject command) {
    int count = command.getInteger("count");
    Long[] at = new Long[count];
    List<Future<?>> grants = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      String name = command.getString("prefix") + i;
      long who = 1_000_000L + i;
      Future<?> grant =
          locks instanceof AsyncLocks async
              ? onContext(context, () -> async.acquire(name, who))
              : blockingAcquire(name);
      grants.add(grant.map(held -> at[index] = System.nanoTime()));
    }
    Future.join(grants).otherwiseEmpty().await();
    JsonArray grantedAt = new JsonArray();
    for (Long moment : at) {
      grantedAt.add(moment);
    }
    return new JsonObject().put("at", grantedAt);
  }

  private Future<Object> blockingAcquire(String name) {
    io.vertx.core.Promise<Object> promise = io.vertx.core.Promise.promise();
    Thread thread =
        new Thread(
            () -> {
              try {
                promise.complete(((BlockingLocks) locks).acquire(name));
              } catch (Exception failed) {
                promise.fail(failed);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return promise.future();
  }

  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getProcessCpuTime();
  }

  /** The heap in use after a collection. */
  private JsonObject usage() throws Exception {
    long heap = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      TimeUnit.MILLISECONDS.sleep(200);
      heap = Math.min(heap, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return new JsonObject().put("heap", heap);
  }

  private static void pauseUntil(long moment) {
    long left = moment - System.nanoTime();
    if (left > 0) {
      try {
        TimeUnit.NANOSECONDS.sleep(left);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static <T> Future<T> onContext(
      Context context, java.util.function.Supplier<Future<T>> call) {
    io.vertx.core.Promise<T> promise = io.vertx.core.Promise.promise();
    context.runOnContext(
        v -> {
          try {
            call.get().onComplete(promise);
          } catch (RuntimeException | LinkageError failed) {
            promise.fail(failed);
          }
        });
    return promise.future();
  }
}
