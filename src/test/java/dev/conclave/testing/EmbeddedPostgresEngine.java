package dev.conclave.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** PostgreSQL from the binaries of a Maven artifact, in a temporary directory. */
final class EmbeddedPostgresEngine implements PostgresEngine {
  private final int port = Ports.free();
  private final Path data;
  private final Map<String, String> environment;
  private EmbeddedPostgres server;
  private Process process;

  EmbeddedPostgresEngine() {
    this(Map.of());
  }

  /**
   * @param environment what the server's environment has besides; the library that starts servers
   *     cannot set it, so a server with one is started here
   */
  EmbeddedPostgresEngine(Map<String, String> environment) {
    this.environment = environment;
    try {
      data = Files.createTempDirectory("conclave-postgres");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
  }

  @Override
  public String kind() {
    return "embedded";
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public void start() {
    boolean first = !Files.exists(data.resolve("PG_VERSION"));
    // After a crash the last children of the old server may still be on their way out.
    Async.eventually("PostgreSQL starts", () -> started(first));
  }

  private boolean started(boolean first) {
    try {
      server =
          EmbeddedPostgres.builder()
              .setPort(port)
              .setDataDirectory(data)
              .setCleanDataDirectory(false)
              .setRegisterShutdownHook(false)
              .setPGStartupWait(Duration.ofSeconds(30))
              .start();
      if (first) {
        secure();
      }
      if (!environment.isEmpty()) {
        startInEnvironment();
      }
      return true;
    } catch (IOException | IllegalStateException | SQLException notYet) {
      return false;
    }
  }

  /** Starts the server that runs again, in its environment. */
  private void startInEnvironment() throws IOException {
    String executable = running().info().command().orElseThrow();
    closeServer();
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("unshare", "-U")); // PostgreSQL refuses to run as root.
    }
    command.addAll(List.of(executable, "-D", data.toString(), "-p", Integer.toString(port)));
    command.addAll(List.of("-c", "unix_socket_directories="));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    process = builder.start();
    Async.eventually("PostgreSQL listens", this::listens);
  }

  private boolean listens() {
    String url = "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    try (Connection connection = DriverManager.getConnection(url, superuser(), "")) {
      return connection.isValid(5);
    } catch (SQLException notYet) {
      return false;
    }
  }

  private ProcessHandle running() throws IOException {
    try (Stream<String> lines = Files.lines(data.resolve("postmaster.pid"))) {
      long pid = Long.parseLong(lines.findFirst().orElseThrow().trim());
      return ProcessHandle.of(pid).orElseThrow();
    }
  }

  /** A user who is not a superuser and has to log in with SCRAM. */
  private void secure() throws SQLException, IOException {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("SET password_encryption = 'scram-sha-256'");
      statement.execute(
          "CREATE ROLE "
              + PostgresServer.USER
              + " LOGIN CREATEDB CREATEROLE PASSWORD '"
              + PostgresServer.PASSWORD
              + "' IN ROLE pg_signal_backend, pg_monitor");
      statement.execute("GRANT CREATE ON SCHEMA public TO " + PostgresServer.USER);
      Files.writeString(
          data.resolve("pg_hba.conf"),
          "host all "
              + PostgresServer.USER
              + " all scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"
              + "host all all ::1/128 trust\n");
      statement.execute("SELECT pg_reload_conf()");
    }
  }

  @Override
  public String superuser() {
    return "postgres";
  }

  @Override
  public void stop() {
    closeServer();
  }

  @Override
  public void abort() {
    end("QUIT");
  }

  @Override
  public void crash() {
    end("KILL");
  }

  private void end(String signal) {
    try {
      ProcessHandle running = running();
      Signals.send(signal, running.pid());
      running.onExit().join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    closeServer();
  }

  private void closeServer() {
    if (process != null) {
      Signals.send("INT", process.pid());
      process.onExit().join();
      process = null;
    }
    if (server != null) {
      try {
        server.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      server = null;
    }
  }

  @Override
  public void close() {
    closeServer();
    try (Stream<Path> files = Files.walk(data)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException alreadyGone) {
      return;
    }
  }
}
