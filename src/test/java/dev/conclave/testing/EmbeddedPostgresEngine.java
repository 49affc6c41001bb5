package dev.conclave.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;

/** PostgreSQL from the binaries of a Maven artifact, in a temporary directory. */
final class EmbeddedPostgresEngine implements PostgresEngine {
  private final int port = Ports.free();
  private final Path data;
  private EmbeddedPostgres server;

  EmbeddedPostgresEngine() {
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
      return true;
    } catch (IOException | IllegalStateException | SQLException notYet) {
      return false;
    }
  }

  /** A user who is no superuser, and has to log in with SCRAM. */
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
    try (Stream<String> lines = Files.lines(data.resolve("postmaster.pid"))) {
      long pid = Long.parseLong(lines.findFirst().orElseThrow().trim());
      ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
      Signals.send(signal, pid);
      process.onExit().join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    closeServer();
  }

  private void closeServer() {
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
