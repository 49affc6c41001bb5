package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How long it takes until a waiter in another process has a lock after its holder gave it back, and
 * after its holder was killed. Every round has many locks, taken at different times, so that the
 * kill meets all phases of their renewals.
 */
final class TakeOver {
  private static final int LOCKS = 40;

  private final Settings settings;
  private final Servers servers;
  private final Report report;
  private final Targets targets;

  TakeOver(Settings settings, Servers servers, Report report, Targets targets) {
    this.settings = settings;
    this.servers = servers;
    this.report = report;
    this.targets = targets;
  }

  void run() throws Exception {
    Duration lease = Duration.ofSeconds(settings.quick() ? 3 : 15);
    JsonArray rows = new JsonArray();
    List<List<String>> table = new ArrayList<>();
    for (Contender contender : settings.among(Contender.values())) {
      if (contender.renews() && contender.waits()) {
        double[] graceful = new double[0];
        double[] killed = new double[0];
        for (int round = 0; round < Math.min(3, settings.rounds()); round++) {
          graceful = joined(graceful, round(contender, lease, false));
          killed = joined(killed, round(contender, lease, true));
        }
        rows.add(
            new JsonObject()
                .put("contender", contender.id())
                .put("leaseMillis", lease.toMillis())
                .put("graceful", distribution(graceful))
                .put("killed", distribution(killed)));
        table.add(
            List.of(
                contender.title() + ", " + contender.server(),
                text(graceful),
                text(killed),
                Report.ratio(at(killed, 100) / lease.toNanos())));
        judge(contender, lease, graceful, killed);
      }
    }
    report.rows("takeover", rows);
    report.table(
        "Take-over, leases of " + lease.toSeconds() + " s: ms, p10 / p50 / p90 / max",
        List.of("", "after a release", "after SIGKILL", "worst, in leases"),
        table);
  }

  private double[] round(Contender contender, Duration lease, boolean kill) throws Exception {
    servers.tidy(contender.server());
    String prefix = "takeover:" + System.nanoTime() + ":";
    JsonObject locks = new JsonObject().put("count", LOCKS).put("prefix", prefix);
    WorkerProcess holder = WorkerProcess.start(contender, servers, settings, lease);
    try (WorkerProcess waiter = WorkerProcess.start(contender, servers, settings, lease)) {
      holder.ask(
          locks.copy().put("do", "hold").put("spreadMillis", kill ? lease.toMillis() / 3 : 0));
      waiter.tell(locks.copy().put("do", "await"));
      // Long enough for the waiters to stand in line, and for a renewal.
      TimeUnit.MILLISECONDS.sleep(lease.toMillis() / 2);
      JsonArray from = new JsonArray();
      if (kill) {
        long now = System.nanoTime();
        holder.kill();
        for (int i = 0; i < LOCKS; i++) {
          from.add(now);
        }
      } else {
        from = holder.ask(locks.copy().put("do", "letGo")).getJsonArray("at");
      }
      JsonArray granted = waiter.answer().getJsonArray("at");
      double[] took = new double[LOCKS];
      for (int i = 0; i < LOCKS; i++) {
        Long at = granted.getLong(i);
        took[i] = at == null ? Double.POSITIVE_INFINITY : at - from.getLong(i);
      }
      return took;
    } finally {
      holder.close();
    }
  }

  private static double[] joined(double[] some, double[] more) {
    double[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    Arrays.sort(all);
    return all;
  }

  private static double at(double[] sorted, int percent) {
    return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
  }

  private static JsonObject distribution(double[] sorted) {
    JsonObject millis = new JsonObject().put("count", sorted.length);
    for (int percent : new int[] {0, 10, 25, 50, 75, 90, 100}) {
      millis.put("p" + percent, Math.round(at(sorted, percent) / 1e4) / 1e2);
    }
    return millis;
  }

  private static String text(double[] sorted) {
    return Report.millis(at(sorted, 10))
        + " / "
        + Report.millis(at(sorted, 50))
        + " / "
        + Report.millis(at(sorted, 90))
        + " / "
        + Report.millis(at(sorted, 100));
  }

  private void judge(Contender contender, Duration lease, double[] graceful, double[] killed) {
    if (contender.title().startsWith("Conclave")) {
      String who =
          "take-over, " + contender.server() + (contender.isElection() ? " election: " : " lock: ");
      targets.atMost(who + "graceful, median ms", 15, at(graceful, 50) / 1e6);
      targets.atMost(
          who + "after SIGKILL, worst, ms beyond one lease",
          100,
          (at(killed, 100) - lease.toNanos()) / 1e6);
    }
  }
}
