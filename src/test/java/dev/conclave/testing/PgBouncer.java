package dev.conclave.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real PgBouncer in transaction mode in front of a PostgreSQL server, where its executable is
 * installed, as Debian's package pgbouncer does.
 */
public final class PgBouncer implements AutoCloseable {
  private final int port = Ports.free();
  private final Path folder;
  private final Process process;

  private PgBouncer(Path executable, URI server, String database) {
    try {
      folder = Files.createTempDirectory("conclave-pgbouncer");
      Path ini = folder.resolve("pgbouncer.ini");
      Files.writeString(ini, configuration(server, database));
      List<String> command = new ArrayList<>(List.of(executable.toString()));
      if (System.getProperty("user.name").equals("root")) {
        // It refuses to run as root, and then has to read its file as another user.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        command.addAll(List.of("-u", "nobody"));
      }
      command.add(ini.toString());
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Async.eventually("PgBouncer listens", this::listens);
  }

  /** One in front of this database; none where PgBouncer is not installed. */
  public static Optional<PgBouncer> start(URI server, String database) {
    return Stream.of("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer")
        .map(Path::of)
        .filter(Files::isExecutable)
        .findFirst()
        .map(executable -> new PgBouncer(executable, server, database));
  }

  private String configuration(URI server, String database) {
    String[] login = server.getUserInfo().split(":", 2);
    return """
        [databases]
        %s = host=%s port=%d dbname=%s user=%s password='%s'

        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = 3
        """
        .formatted(
            database, server.getHost(), server.getPort(), database, login[0], login[1], port);
  }

  private boolean listens() {
    if (!process.isAlive()) {
      throw new AssertionError("PgBouncer ended: " + log());
    }
    try (Socket socket = new Socket("127.0.0.1", port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Where it listens. */
  public int port() {
    return port;
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    folder.toFile().delete();
  }
}
