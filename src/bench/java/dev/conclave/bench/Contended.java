package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import dev.conclave.bench.peers.Contender.Server;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Many waiters for one lock, in one process or two; everybody's exclusion is checked. */
final class Contended {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final long START_DELAY = TimeUnit.MILLISECONDS.toNanos(100);

  /** What one measurement gave. */
  private record Round(
      double perSecond,
      Histogram waits,
      long overlaps,
      double commandsPerLock,
      double cpuMicros,
      long fewest,
      long most,
      long errors,
      String firstError) {}

  private final Settings settings;
  private final Servers servers;
  private final Report report;
  private final Path directory;
  private final Map<Contender, List<Round>> results = new LinkedHashMap<>();

  Contended(Settings settings, Servers servers, Report report) throws java.io.IOException {
    this.settings = settings;
    this.servers = servers;
    this.report = report;
    this.directory = Files.createTempDirectory("conclave-witness");
  }

  /** In one process, without a server. */
  Contended within(int waiters) throws Exception {
    run(
        settings.among(
            Contender.CONCLAVE_MEMORY, Contender.CONCLAVE_MEMORY_PROXY, Contender.VERTX_LOCAL),
        1,
        waiters);
    show("contended-memory", "Contended, " + waiters + " waiters in one process");
    return this;
  }

  /** In two processes. */
  Contended between(int waiters) throws Exception {
    run(
        settings.among(Contender.values()).stream()
            .filter(c -> c.waits() && c.distributed() && !c.isElection())
            .toList(),
        2,
        waiters);
    show("contended", "Contended, " + waiters + " waiters in two processes");
    return this;
  }

  private void run(List<Contender> contenders, int processes, int waiters) throws Exception {
    Map<Contender, List<WorkerProcess>> workers = new LinkedHashMap<>();
    try {
      for (Contender contender : contenders) {
        List<WorkerProcess> both = workers.computeIfAbsent(contender, c -> new ArrayList<>());
        for (int i = 0; i < processes; i++) {
          both.add(WorkerProcess.start(contender, servers, settings, LEASE));
        }
      }
      for (int round = 0; round <= settings.rounds(); round++) {
        for (int i = 0; i < contenders.size(); i++) {
          Contender contender = contenders.get((i + round) % contenders.size());
          Round measured = measure(contender, workers.get(contender), waiters);
          if (round > 0) {
            results.computeIfAbsent(contender, c -> new ArrayList<>()).add(measured);
          }
        }
        System.out.println("contended round " + round + " of " + settings.rounds());
      }
    } finally {
      for (List<WorkerProcess> both : workers.values()) {
        for (WorkerProcess worker : both) {
          worker.close();
        }
      }
    }
  }

  private Round measure(Contender contender, List<WorkerProcess> workers, int waiters)
      throws Exception {
    servers.tidy(contender.server());
    long commands = servers.commands(contender.server());
    long startAt = System.nanoTime() + START_DELAY;
    int each = waiters / workers.size();
    for (int i = 0; i < workers.size(); i++) {
      workers
          .get(i)
          .tell(
              new JsonObject()
                  .put("do", "contend")
                  .put("loops", each)
                  .put("first", (long) i * each)
                  .put("name", "contended")
                  .put("witness", directory.resolve(contender.id()).toString())
                  .put("startAt", startAt)
                  .put("millis", settings.millis()));
    }
    Histogram waits = Tally.histogram();
    long done = 0;
    long overlaps = 0;
    long errors = 0;
    long cpuNanos = 0;
    String firstError = null;
    long[] perWaiter = new long[waiters];
    for (int i = 0; i < workers.size(); i++) {
      JsonObject answer = workers.get(i).answer();
      waits.add(Tally.decode(answer.getString("histogram")));
      done += answer.getLong("done");
      cpuNanos += answer.getLong("cpuNanos");
      overlaps += answer.getLong("overlaps");
      errors += answer.getLong("errors");
      firstError = firstError == null ? answer.getString("firstError") : firstError;
      for (int j = 0; j < each; j++) {
        perWaiter[i * each + j] = answer.getJsonArray("perLoop").getLong(j);
      }
    }
    commands = servers.commands(contender.server()) - commands;
    return new Round(
        done * 1e3 / settings.millis(),
        waits,
        overlaps,
        done == 0 || contender.server() == Server.NONE ? Double.NaN : (double) commands / done,
        cpuNanos / 1e3 / Math.max(1, done),
        Arrays.stream(perWaiter).min().orElse(0),
        Arrays.stream(perWaiter).max().orElse(0),
        errors,
        firstError);
  }

  private void show(String section, String title) {
    JsonArray rows = new JsonArray();
    List<List<String>> table = new ArrayList<>();
    results.forEach(
        (contender, rounds) -> {
          JsonObject row = row(contender, rounds);
          rows.add(row);
          table.add(
              List.of(
                  contender.title() + where(contender),
                  Report.rate(row.getDouble("perSecond")),
                  Report.millis(row.getDouble("p50")),
                  Report.millis(row.getDouble("p99")),
                  Report.ratio(row.getDouble("maxOverMedian")),
                  row.getLong("fewest") + " / " + row.getLong("most"),
                  Report.ratio(of(row.getDouble("commandsPerLock"))),
                  Report.ratio(row.getDouble("cpuMicros")),
                  row.getLong("overlaps").toString(),
                  row.getLong("errors").toString()));
        });
    report.rows(section, rows);
    report.table(
        title,
        List.of(
            "",
            "hand-overs/s",
            "wait p50 ms",
            "p99 ms",
            "max/median",
            "locks per waiter min / max",
            "commands per lock",
            "client CPU per lock, µs",
            "overlaps",
            "errors"),
        table);
  }

  private static double of(Double value) {
    return value == null ? Double.NaN : value;
  }

  private static String where(Contender contender) {
    return contender.server() == Server.POSTGRES && contender.title().startsWith("Conclave")
        ? " (PostgreSQL)"
        : contender.server() == Server.REDIS && contender.title().startsWith("Conclave")
            ? " (Redis)"
            : "";
  }

  private static JsonObject row(Contender contender, List<Round> rounds) {
    JsonArray rates = new JsonArray();
    rounds.forEach(round -> rates.add(round.perSecond()));
    double commands = median(rounds, Round::commandsPerLock);
    JsonObject row =
        new JsonObject()
            .put("contender", contender.id())
            .put("perSecond", median(rounds, Round::perSecond))
            .put("p50", median(rounds, r -> r.waits().getValueAtPercentile(50)))
            .put("p99", median(rounds, r -> r.waits().getValueAtPercentile(99)))
            .put("maxOverMedian", median(rounds, Contended::maxOverMedian))
            .put("fewest", rounds.stream().mapToLong(Round::fewest).min().orElse(0))
            .put("most", rounds.stream().mapToLong(Round::most).max().orElse(0))
            .put("commandsPerLock", Double.isNaN(commands) ? null : commands)
            .put("cpuMicros", median(rounds, Round::cpuMicros))
            .put("overlaps", rounds.stream().mapToLong(Round::overlaps).sum())
            .put("errors", rounds.stream().mapToLong(Round::errors).sum())
            .put("rounds", rates);
    rounds.stream()
        .map(Round::firstError)
        .filter(error -> error != null)
        .findFirst()
        .ifPresent(error -> row.put("firstError", error));
    return row;
  }

  private static double maxOverMedian(Round round) {
    return (double) round.waits().getMaxValue()
        / Math.max(1, round.waits().getValueAtPercentile(50));
  }

  private static double median(
      List<Round> rounds, java.util.function.ToDoubleFunction<Round> value) {
    return Report.median(rounds.stream().mapToDouble(value).toArray());
  }

  /** The median over the rounds of one's rate over another's. */
  double ratio(Contender mine, Contender other) {
    List<Round> my = results.getOrDefault(mine, List.of());
    List<Round> theirs = results.getOrDefault(other, List.of());
    double[] ratios = new double[Math.min(my.size(), theirs.size())];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = my.get(i).perSecond() / theirs.get(i).perSecond();
    }
    return Report.median(ratios);
  }

  /** The median over the rounds of p99 wait over median wait. */
  double p99OverMedian(Contender contender) {
    return median(
        results.getOrDefault(contender, List.of()),
        r ->
            (double) r.waits().getValueAtPercentile(99)
                / Math.max(1, r.waits().getValueAtPercentile(50)));
  }

  /** The least that any waiter got, over the mean of all. */
  double fewestOverMean(Contender contender) {
    return median(
        results.getOrDefault(contender, List.of()),
        r -> r.fewest() / Math.max(1e-9, (double) r.waits().getTotalCount() / 32));
  }

  double commandsPerLock(Contender contender) {
    return median(results.getOrDefault(contender, List.of()), Round::commandsPerLock);
  }
}
