package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import dev.conclave.bench.peers.Contender.Server;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cycles of acquire and release, every loop on locks of its own. */
final class Uncontended {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private final Settings settings;
  private final Servers servers;
  private final Report report;
  private final Map<String, Map<Integer, List<Runner.Result>>> results = new LinkedHashMap<>();
  private final Map<String, List<Double>> serverCpu = new LinkedHashMap<>();
  private final Map<String, String> titles = new LinkedHashMap<>();

  Uncontended(Settings settings, Servers servers, Report report) {
    this.settings = settings;
    this.servers = servers;
    this.report = report;
  }

  void run(Server server, int... levels) throws Exception {
    List<Runner> runners = new ArrayList<>();
    try {
      for (Contender contender : Contender.values()) {
        if (contender.server() == server && contender.cycles() && settings.takesPart(contender)) {
          runners.add(new WorkerRunner(WorkerProcess.start(contender, servers, settings, LEASE)));
        }
      }
      Path pgbench = Pgbench.find();
      if (server == Server.POSTGRES && !runners.isEmpty() && pgbench != null) {
        runners.add(new Pgbench(pgbench, servers.postgresUri(), 16));
        runners.add(new Pgbench(pgbench, servers.postgresUri(), 64));
      }
      if (runners.isEmpty()) {
        return;
      }
      for (int round = 0; round <= settings.rounds(); round++) {
        servers.tidy(server);
        for (int level : levels) {
          for (int i = 0; i < runners.size(); i++) {
            Runner runner = runners.get((i + round) % runners.size());
            double serverBefore = servers.cpuMicros(server);
            Runner.Result result = runner.cycles(level, settings.millis());
            if (round > 0) {
              keep(runner, level, result, servers.cpuMicros(server) - serverBefore);
            }
          }
        }
        System.out.println(server + " round " + round + " of " + settings.rounds());
      }
    } finally {
      for (Runner runner : runners) {
        runner.close();
      }
    }
    show(server, levels);
  }

  private void keep(Runner runner, int level, Runner.Result result, double serverMicros) {
    serverCpu
        .computeIfAbsent(runner.id() + level, id -> new ArrayList<>())
        .add(serverMicros / Math.max(1, result.latencies().getTotalCount()));
    titles.put(runner.id(), runner.title());
    results
        .computeIfAbsent(runner.id(), id -> new LinkedHashMap<>())
        .computeIfAbsent(level, l -> new ArrayList<>())
        .add(result);
  }

  private void show(Server server, int[] levels) {
    JsonArray rows = new JsonArray();
    List<String> head = new ArrayList<>(List.of("cycles/s (p50 / p99 ms)"));
    for (int level : levels) {
      head.add(level + " in flight");
    }
    List<List<String>> table = new ArrayList<>();
    List<List<String>> cpu = new ArrayList<>();
    results.forEach(
        (id, byLevel) -> {
          List<String> line = new ArrayList<>(List.of(titles.get(id)));
          List<String> cpuLine = new ArrayList<>(line);
          byLevel.forEach(
              (level, measured) -> {
                JsonObject row = row(id, level, measured);
                rows.add(row);
                Double micros = row.getDouble("cpuMicros");
                Double there = row.getDouble("serverCpuMicros");
                cpuLine.add(
                    (micros == null ? "–" : Report.ratio(micros))
                        + (there == null ? "" : " + " + Report.ratio(there)));
                line.add(
                    Report.rate(row.getDouble("perSecond"))
                        + " ("
                        + Report.millis(row.getDouble("p50"))
                        + " / "
                        + Report.millis(row.getDouble("p99"))
                        + ")"
                        + (row.getLong("errors") > 0
                            ? " " + row.getLong("errors") + " errors"
                            : ""));
              });
          table.add(line);
          if (!id.startsWith("pgbench")) {
            cpu.add(cpuLine);
          }
        });
    String section = "uncontended-" + server.name().toLowerCase();
    report.rows(section, rows);
    report.table("Uncontended, " + server, head, table);
    head.set(0, "CPU per cycle, µs: client + server");
    report.table("Uncontended, " + server + ": processor time", head, cpu);
  }

  private JsonObject row(String id, int level, List<Runner.Result> measured) {
    double[] rates = measured.stream().mapToDouble(Runner.Result::perSecond).toArray();
    JsonArray rounds = new JsonArray();
    for (double rate : rates) {
      rounds.add(rate);
    }
    JsonObject row =
        new JsonObject()
            .put("contender", id)
            .put("inFlight", level)
            .put("perSecond", Report.median(rates))
            .put("cpuMicros", micros(measured))
            .put("p50", percentile(measured, 50))
            .put("p99", percentile(measured, 99))
            .put("errors", measured.stream().mapToLong(Runner.Result::errors).sum())
            .put("rounds", rounds);
    double there = median(serverCpu.get(id + level));
    row.put("serverCpuMicros", Double.isNaN(there) ? null : there);
    measured.stream()
        .map(Runner.Result::firstError)
        .filter(error -> error != null)
        .findFirst()
        .ifPresent(error -> row.put("firstError", error));
    return row;
  }

  private static double median(List<Double> values) {
    return Report.median(values.stream().mapToDouble(value -> value).toArray());
  }

  private static Double micros(List<Runner.Result> measured) {
    double micros =
        Report.median(measured.stream().mapToDouble(Runner.Result::cpuMicros).toArray());
    return Double.isNaN(micros) ? null : micros;
  }

  private static double percentile(List<Runner.Result> measured, double percentile) {
    return Report.median(
        measured.stream()
            .mapToDouble(r -> r.latencies().getValueAtPercentile(percentile))
            .toArray());
  }

  /**
   * The median over the rounds of one contender's rate over the best of some others': both sides
   * were measured in the same round, so the machine's moods cancel out.
   */
  double ratio(String mine, int level, String... others) {
    List<Runner.Result> my = at(mine, level);
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < my.size(); round++) {
      double best = 0;
      for (String other : others) {
        List<Runner.Result> theirs = at(other, level);
        if (round < theirs.size()) {
          best = Math.max(best, theirs.get(round).perSecond());
        }
      }
      if (best > 0) {
        ratios.add(my.get(round).perSecond() / best);
      }
    }
    return Report.median(ratios.stream().mapToDouble(r -> r).toArray());
  }

  /** The median of one's cycles per second. */
  double rate(String id, int level) {
    return Report.median(at(id, level).stream().mapToDouble(Runner.Result::perSecond).toArray());
  }

  private List<Runner.Result> at(String id, int level) {
    return results.getOrDefault(id, Map.of()).getOrDefault(level, List.of());
  }
}
