package dev.conclave.bench;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * PostgreSQL's own load generator with the two statements of the bare client, prepared: what the
 * server can do with one statement per request. Takes part when it is on the {@code PATH} or where
 * Debian installs it.
 */
final class Pgbench implements Runner {
  private static final String SCRIPT =
      """
      \\set key random(1, 32)
      INSERT INTO bench_bare AS held (name, token, until)
      VALUES ('pgbench:' || :client_id || ':' || :key, 'token-of-24-characters--', clock_timestamp() + interval '30 s')
      ON CONFLICT (name) DO UPDATE SET token = EXCLUDED.token, until = EXCLUDED.until
      WHERE held.until <= clock_timestamp();
      DELETE FROM bench_bare WHERE name = 'pgbench:' || :client_id || ':' || :key AND token = 'token-of-24-characters--';
      """;

  private final Path binary;
  private final URI server;
  private final int mostClients;
  private final Path directory;

  Pgbench(Path binary, URI server, int mostClients) throws IOException {
    this.binary = binary;
    this.server = server;
    this.mostClients = mostClients;
    this.directory = Files.createTempDirectory("conclave-pgbench");
    Files.writeString(directory.resolve("script.sql"), SCRIPT);
  }

  /** The binary, or null. */
  static Path find() throws IOException {
    Stream<Path> onPath =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .map(d -> Path.of(d, "pgbench"));
    Path debian = Path.of("/usr/lib/postgresql");
    List<Path> installed = List.of();
    if (Files.isDirectory(debian)) {
      try (Stream<Path> versions = Files.list(debian)) {
        installed = versions.map(v -> v.resolve("bin/pgbench")).toList();
      }
    }
    return Stream.concat(onPath, installed.stream())
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  @Override
  public String id() {
    return "pgbench-" + mostClients;
  }

  @Override
  public String title() {
    return "pgbench, at most " + mostClients + " clients";
  }

  @Override
  public Result cycles(int inFlight, long millis) throws IOException {
    int clients = Math.min(inFlight, mostClients);
    String[] user = server.getUserInfo().split(":", 2);
    ProcessBuilder builder =
        new ProcessBuilder(
                binary.toString(),
                "-n",
                "-M",
                "prepared",
                "-c",
                "" + clients,
                "-j",
                "" + Math.min(clients, 2),
                "-T",
                "" + Math.max(1, Math.round(millis / 1000.0)),
                "-l",
                "--log-prefix=" + directory.resolve("log"),
                "-f",
                directory.resolve("script.sql").toString(),
                "-h",
                server.getHost(),
                "-p",
                "" + server.getPort(),
                "-U",
                user[0],
                server.getPath().substring(1))
            .redirectErrorStream(true);
    builder.environment().put("PGPASSWORD", user.length > 1 ? user[1] : "");
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    double perSecond =
        output
            .lines()
            .filter(line -> line.startsWith("tps = "))
            .mapToDouble(line -> Double.parseDouble(line.split(" ")[2]))
            .findFirst()
            .orElseThrow(() -> new IOException("pgbench failed: " + output));
    return new Result(perSecond, Double.NaN, latencies(), 0, null);
  }

  private Histogram latencies() throws IOException {
    Histogram histogram = Tally.histogram();
    try (Stream<Path> logs = Files.list(directory)) {
      for (Path log : logs.filter(f -> f.getFileName().toString().startsWith("log")).toList()) {
        try (Stream<String> lines = Files.lines(log)) {
          lines.forEach(line -> histogram.recordValue(Long.parseLong(line.split(" ")[2]) * 1000));
        }
        Files.delete(log);
      }
    }
    return histogram;
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(directory.resolve("script.sql"));
    Files.deleteIfExists(directory);
  }
}
