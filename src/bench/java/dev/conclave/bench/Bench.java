package dev.conclave.bench;

import dev.conclave.bench.peers.Contender.Server;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** Conducts a run; {@link Settings} says which. */
public final class Bench {
  private Bench() {}

  /** Runs. */
  public static void main(String[] args) throws Exception {
    Settings settings = Settings.read();
    Report report = new Report();
    report.json().put("at", Instant.now().toString()).put("machine", machine());
    report
        .json()
        .put("rounds", settings.rounds())
        .put("seconds", settings.seconds())
        .put("sections", String.join(",", settings.sections()));
    System.out.println(report.json().encodePrettily());
    Targets targets = new Targets(report);
    try (Servers servers = new Servers()) {
      for (String section : settings.sections()) {
        switch (section) {
          case "memory" -> {
            Uncontended uncontended = new Uncontended(settings, servers, report);
            uncontended.run(Server.NONE, 1, 64, 256);
            targets.memory(uncontended);
            targets.memory(new Contended(settings, servers, report).within(64));
          }
          case "uncontended" -> {
            Uncontended redis = new Uncontended(settings, servers, report);
            redis.run(Server.REDIS, 1, 64, 256, 512);
            targets.redis(redis);
            Uncontended postgres = new Uncontended(settings, servers, report);
            postgres.run(Server.POSTGRES, 1, 64, 256, 512);
            targets.postgres(postgres);
          }
          case "contended" ->
              targets.contended(new Contended(settings, servers, report).between(32));
          case "idle" -> new Idle(settings, servers, report, targets).run(1000, 100);
          case "takeover" -> new TakeOver(settings, servers, report, targets).run();
          case "footprint" -> new Footprint(settings, servers, report).run(10_000);
          default -> throw new IllegalArgumentException(section);
        }
      }
      targets.show();
      for (Server server : new Server[] {Server.REDIS, Server.POSTGRES}) {
        if (servers.isStarted(server)) {
          report.json().put(server.name().toLowerCase(), servers.describe(server));
        }
      }
    } finally {
      report.write(settings.out());
    }
    System.exit(0);
  }

  private static JsonObject machine() throws IOException {
    Path cpus = Path.of("/proc/cpuinfo");
    String model =
        Files.isReadable(cpus)
            ? Files.readAllLines(cpus).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 2))
                .orElse("?")
            : "?";
    return new JsonObject()
        .put("processors", Runtime.getRuntime().availableProcessors())
        .put("model", model)
        .put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
        .put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.version"));
  }
}
