package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import io.vertx.core.Vertx;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Logs every second what the process uses, after a full collection of garbage. So often, because
 * what is under way while a fault lasts looks like what was left behind: only between two faults is
 * little under way.
 */
public final class Usage {
  private static final long EVERY_MILLIS = 1_000;

  /**
   * Shown but not judged. Vert.x remembers every client that it has made, and with it the socket,
   * closed for long, until the verticle that made it ends; a connection that hangs takes its client
   * with it. Open sockets are file descriptors, which are judged.
   */
  public static final String KEPT_BY_VERTX = "sockets, open or closed";

  public static final String HEAP = "heap in KiB";
  public static final String FUTURES = "futures of Vert.x";

  /** Classes whose living instances are counted: what would grow if something were left behind. */
  private static final Map<String, Predicate<String>> COUNTED =
      Map.of(
          "timers of Conclave",
          is("dev.conclave.time.ContextScheduler$Entry"),
          "schedulers",
          is("dev.conclave.time.ContextScheduler"),
          "waiters",
          is("dev.conclave.lock.Waiter"),
          "wait lines",
          is("dev.conclave.lock.WaitQueue"),
          "handles",
          is("dev.conclave.lock.LeaseHandle"),
          "timers of Vert.x",
          is("io.vertx.core.impl.VertxImpl$InternalTimerHandler"),
          "contexts of Vert.x",
          Pattern.compile("io\\.vertx\\.core\\.impl\\.\\w*Context\\w*").asMatchPredicate(),
          FUTURES,
          Pattern.compile("io\\.vertx\\.core\\.impl\\.future\\..*").asMatchPredicate(),
          KEPT_BY_VERTX,
          is("io.netty.channel.socket.nio.NioSocketChannel"));

  private static Predicate<String> is(String type) {
    return type::equals;
  }

  private final EventLog log;

  /**
   * @param worker what is used while it stops is not logged
   */
  Usage(EventLog log, Vertx vertx, ChaosWorker worker) {
    this.log = log;
    vertx.setPeriodic(
        EVERY_MILLIS,
        id -> {
          if (worker.stopping()) {
            vertx.cancelTimer(id);
          } else {
            vertx.executeBlocking(this::measure);
          }
        });
  }

  private Void measure() throws JMException {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {null},
                    new String[] {String[].class.getName()});
    Map<String, Long> instances = new HashMap<>();
    long bytes = 0;
    for (String line : histogram.lines().toList()) {
      String[] columns = line.trim().split("\\s+");
      if (columns[0].endsWith(":") && columns.length >= 4) {
        instances.put(columns[3], Long.parseLong(columns[1]));
        bytes += Long.parseLong(columns[2]);
      }
    }
    say(HEAP, bytes / 1024);
    COUNTED.forEach((what, counted) -> say(what, sum(instances, counted)));
    String[] files = new File("/proc/self/fd").list();
    say("file descriptors", files == null ? 0 : files.length);
    say("threads", ManagementFactory.getThreadMXBean().getThreadCount());
    return null;
  }

  private static long sum(Map<String, Long> instances, Predicate<String> counted) {
    return instances.entrySet().stream()
        .filter(entry -> counted.test(entry.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  private void say(String what, long number) {
    log.add(Type.USES, what, "", System.nanoTime(), number, 0, null);
  }
}
