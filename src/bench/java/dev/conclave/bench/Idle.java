package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import dev.conclave.bench.peers.Contender.Server;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What locks cost that are held, renewed automatically, and otherwise left alone: commands at the
 * server and processor time of the client, each less what the same client costs when it holds
 * nothing. Everybody is measured over the same time, one after the other.
 */
final class Idle {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration ELECTION_LEASE = Duration.ofSeconds(15);

  /** In seconds: a connection that has become idle tells of its last transactions after ten. */
  private static final int POSTGRES_TELLS_LATE = 12;

  private final Settings settings;
  private final Servers servers;
  private final Report report;
  private final Targets targets;

  Idle(Settings settings, Servers servers, Report report, Targets targets) {
    this.settings = settings;
    this.servers = servers;
    this.report = report;
    this.targets = targets;
  }

  /** Commands per second and processor share. */
  private record Cost(double commands, double cpu) {}

  void run(int locks, int elections) throws Exception {
    Map<Contender, Cost> costs = new LinkedHashMap<>();
    JsonArray rows = new JsonArray();
    List<List<String>> table = new ArrayList<>();
    for (Contender contender : settings.among(Contender.values())) {
      if (contender.renews()) {
        try (WorkerProcess worker =
            WorkerProcess.start(
                contender, servers, settings, contender.isElection() ? ELECTION_LEASE : LEASE)) {
          int count = contender.isElection() ? elections : locks;
          Cost empty = measure(worker, contender, settings.quick() ? 3 : 10);
          worker.ask(new JsonObject().put("do", "hold").put("count", count).put("prefix", "idle:"));
          Cost full = measure(worker, contender, settings.quick() ? 31 : 61);
          costs.put(contender, full);
          rows.add(
              new JsonObject()
                  .put("contender", contender.id())
                  .put("locks", count)
                  .put("commandsPerSecond", full.commands)
                  .put("cpuPercent", full.cpu)
                  .put("cpuPercentWithoutLocks", empty.cpu));
          table.add(
              List.of(
                  count + " × " + contender.title() + ", " + contender.server(),
                  String.format(Locale.ROOT, "%.2f", full.commands),
                  String.format(Locale.ROOT, "%.2f", full.cpu),
                  String.format(Locale.ROOT, "%.2f", empty.cpu)));
        }
      }
    }
    report.rows("idle", rows);
    report.table(
        "Idle: held and renewed, leases of "
            + LEASE.toSeconds()
            + " s (elections: "
            + ELECTION_LEASE.toSeconds()
            + " s)",
        List.of("", "server commands/s", "client CPU %", "client CPU % without locks"),
        table);
    judge(costs);
  }

  private Cost measure(WorkerProcess worker, Contender contender, int seconds) throws Exception {
    TimeUnit.SECONDS.sleep(contender.server() == Server.POSTGRES ? POSTGRES_TELLS_LATE : 5);
    long commands = servers.commands(contender.server());
    Duration cpu = worker.cpu();
    long from = System.nanoTime();
    TimeUnit.SECONDS.sleep(seconds);
    double took = (System.nanoTime() - from) / 1e9;
    double used = worker.cpu().minus(cpu).toNanos() / 1e9;
    return new Cost((servers.commands(contender.server()) - commands) / took, 100 * used / took);
  }

  private void judge(Map<Contender, Cost> costs) {
    for (Contender mine : new Contender[] {Contender.CONCLAVE_REDIS, Contender.CONCLAVE_POSTGRES}) {
      Cost cost = costs.get(mine);
      if (cost != null) {
        targets.atMost("idle, " + mine.server() + ": server commands/s", 0.3, cost.commands);
        Cost redisson = costs.get(Contender.REDISSON);
        if (redisson != null) {
          targets.atMost(
              "idle, " + mine.server() + ": CPU / CPU of Redisson's watchdog",
              0.25,
              cost.cpu / redisson.cpu);
        }
      }
    }
  }
}
