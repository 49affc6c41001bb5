package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What held locks take: heap of the client, and connections at the server. */
final class Footprint {
  private static final Duration LEASE = Duration.ofMinutes(5);

  private final Settings settings;
  private final Servers servers;
  private final Report report;

  Footprint(Settings settings, Servers servers, Report report) {
    this.settings = settings;
    this.servers = servers;
    this.report = report;
  }

  void run(int locks) throws Exception {
    JsonArray rows = new JsonArray();
    List<List<String>> table = new ArrayList<>();
    for (Contender contender : settings.among(Contender.values())) {
      boolean takesPart =
          contender.renews() && !contender.isElection() || contender == Contender.CONCLAVE_MEMORY;
      if (takesPart) {
        servers.redis(contender.server());
        servers.postgres(contender.server());
        servers.tidy(contender.server());
        int others = servers.connections(contender.server());
        try (WorkerProcess worker = WorkerProcess.start(contender, servers, settings, LEASE)) {
          // One lock first: what is loaded with it is no lock's own.
          hold(worker, 1, "warm:");
          long before = worker.ask(new JsonObject().put("do", "usage")).getLong("heap");
          hold(worker, locks, "footprint:");
          long after = worker.ask(new JsonObject().put("do", "usage")).getLong("heap");
          int connections = servers.connections(contender.server()) - others;
          rows.add(
              new JsonObject()
                  .put("contender", contender.id())
                  .put("locks", locks)
                  .put("heapBytes", after - before)
                  .put("connections", connections));
          table.add(
              List.of(
                  contender.title() + ", " + contender.server(),
                  String.format(Locale.ROOT, "%.1f", (after - before) / 1e6),
                  Integer.toString(connections)));
        }
      }
    }
    report.rows("footprint", rows);
    report.table(
        "Footprint of " + locks + " held locks, renewed automatically",
        List.of("", "heap, MB", "connections"),
        table);
  }

  private static void hold(WorkerProcess worker, int locks, String prefix) throws Exception {
    worker.ask(new JsonObject().put("do", "hold").put("count", locks).put("prefix", prefix));
  }
}
