package dev.conclave.chaos.campaign;

import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.worker.SoakWork;
import dev.conclave.testing.RedisServer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Logs every second what a Redis has: keys, clients, channels, and how large the records are in
 * whose queues waiters crash.
 */
final class SoakUsage implements AutoCloseable {
  private final RedisServer server;
  private final Path file;
  private final EventLog log;
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Map<String, Object> joined = new HashMap<>();

  SoakUsage(RedisServer server, Path file) {
    this.server = server;
    this.file = file;
    this.log = new EventLog("server", file);
    timer.scheduleWithFixedDelay(this::measure, 1, 1, TimeUnit.SECONDS);
  }

  private void measure() {
    try {
      say("keys", (Long) server.call("DBSIZE"));
      say("channels", ((List<?>) server.call("PUBSUB", "CHANNELS")).size());
      fieldsOfCrashes()
          .ifPresent(fields -> say("fields of the largest record where waiters crash", fields));
      say(
          "clients",
          server
              .info("clients")
              .lines()
              .filter(line -> line.startsWith("connected_clients:"))
              .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).trim()))
              .sum());
    } catch (RuntimeException away) {
      // it is being tormented: the next sample counts
    }
  }

  /**
   * Of the records that waiters have joined since the last time. A process that was killed leaves
   * its record behind as it was at that moment: it says nothing about growth.
   */
  private OptionalLong fieldsOfCrashes() {
    return ((List<?>) server.call("KEYS", "*" + SoakWork.CRASHES + "*"))
        .stream()
            .map(String.class::cast)
            .filter(this::wasJoined)
            .mapToLong(key -> (Long) server.call("HLEN", key))
            .max();
  }

  private boolean wasJoined(String key) {
    Object positions = server.call("HMGET", key, "last", "seen");
    return !positions.equals(joined.put(key, positions));
  }

  private void say(String what, long number) {
    log.add(Event.Type.USES, what, "", System.nanoTime(), number, 0, null);
  }

  List<Event> events() {
    return EventLog.read(file);
  }

  @Override
  public void close() {
    timer.shutdownNow();
    log.close();
  }
}
