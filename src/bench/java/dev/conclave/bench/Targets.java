package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What Conclave means to reach, as ratios within one run, beside what it reached. */
final class Targets {
  private final Report report;
  private final List<List<String>> rows = new ArrayList<>();
  private final JsonArray json = new JsonArray();

  Targets(Report report) {
    this.report = report;
  }

  private void atLeast(String what, double target, double measured) {
    add(what, "≥ ", target, measured, measured >= target);
  }

  /** A target that was met when what was measured is not greater. */
  void atMost(String what, double target, double measured) {
    add(what, "≤ ", target, measured, measured <= target);
  }

  private void add(String what, String sign, double target, double measured, boolean met) {
    if (Double.isNaN(measured)) {
      return;
    }
    String wanted = target >= 1000 ? Report.rate(target) : trimmed(target);
    String got = measured >= 1000 ? Report.rate(measured) : Report.ratio(measured);
    rows.add(List.of(what, sign + wanted, got, met ? "yes" : "NO"));
    json.add(
        new JsonObject()
            .put("what", what)
            .put("target", target)
            .put("measured", measured)
            .put("met", met));
  }

  private static String trimmed(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%s", value);
  }

  void memory(Uncontended measured) {
    atLeast("memory: cycles/s, 1 in flight", 1_000_000, measured.rate("conclave-memory", 1));
    atLeast("memory: cycles/s, 64 in flight", 1_000_000, measured.rate("conclave-memory", 64));
  }

  void memory(Contended measured) {
    atLeast(
        "memory: × Vert.x local lock, 64 contenders",
        3,
        measured.ratio(Contender.CONCLAVE_MEMORY, Contender.VERTX_LOCAL));
  }

  void redis(Uncontended measured) {
    String[] peers = {"redisson", "spring-redis", "shedlock-redis"};
    atLeast(
        "Redis: × bare client (two EVALSHA), 1 in flight",
        0.85,
        measured.ratio("conclave-redis", 1, "bare-redis-scripts"));
    for (int level : new int[] {64, 256}) {
      String at = ", " + level + " in flight";
      atLeast(
          "Redis: × bare client (two EVALSHA)" + at,
          1.2,
          measured.ratio("conclave-redis", level, "bare-redis-scripts"));
      atLeast("Redis: × Redisson" + at, 10, measured.ratio("conclave-redis", level, "redisson"));
      atLeast("Redis: × best peer" + at, 4.5, measured.ratio("conclave-redis", level, peers));
      atLeast(
          "Redis: proxy × local service" + at,
          0.6,
          measured.ratio("conclave-redis-proxy", level, "conclave-redis"));
    }
  }

  void postgres(Uncontended measured) {
    String[] pgbench = {"pgbench-16", "pgbench-64"};
    atLeast(
        "PostgreSQL: × bare client, 1 in flight",
        0.9,
        measured.ratio("conclave-postgres", 1, "bare-postgres", "bare-postgres-pool"));
    atLeast(
        "PostgreSQL: × pgbench's best, 64 in flight",
        4,
        measured.ratio("conclave-postgres", 64, pgbench));
    atLeast(
        "PostgreSQL: × pgbench's best, 256 in flight",
        7,
        measured.ratio("conclave-postgres", 256, pgbench));
    atLeast(
        "PostgreSQL: × best peer, 64 in flight",
        10,
        measured.ratio("conclave-postgres", 64, "spring-jdbc", "shedlock-jdbc"));
    for (int level : new int[] {64, 256}) {
      atLeast(
          "PostgreSQL: proxy × local service, " + level + " in flight",
          0.6,
          measured.ratio("conclave-postgres-proxy", level, "conclave-postgres"));
    }
  }

  void contended(Contended measured) {
    for (Contender mine : new Contender[] {Contender.CONCLAVE_REDIS, Contender.CONCLAVE_POSTGRES}) {
      String who = "contended, " + mine.server() + ": ";
      if (mine == Contender.CONCLAVE_REDIS) {
        atLeast(who + "× Redisson RLock", 5, measured.ratio(mine, Contender.REDISSON));
      }
      atMost(who + "p99 wait / median wait", 4, measured.p99OverMedian(mine));
      atLeast(who + "least locks of a waiter / mean", 0.5, measured.fewestOverMean(mine));
      atMost(who + "server commands per lock", 3, measured.commandsPerLock(mine));
    }
  }

  void show() {
    report.rows("targets", json);
    report.table("Targets", List.of("target", "wanted", "measured", "met"), rows);
  }
}
