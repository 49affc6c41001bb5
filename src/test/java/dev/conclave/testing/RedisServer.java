package dev.conclave.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.testcontainers.containers.GenericContainer;
import redis.embedded.RedisExecProvider;

/**
 * A real Redis for tests.
 *
 * <p>{@link #shared()} is one per JVM, for tests that use names of their own: the one that {@code
 * CONCLAVE_TEST_REDIS} names, else a container where Docker answers, else the embedded binary.
 * {@link #start} gives a private one of the embedded binary, to be stopped, restarted and flushed.
 */
public final class RedisServer implements AutoCloseable {
  private static RedisServer shared;
  private static File executable;

  private final String uri;
  private final List<String> command;
  private final Path directory;
  private final Map<String, String> environment;
  private Process process;

  private RedisServer(
      String uri, List<String> command, Path directory, Map<String, String> environment) {
    this.uri = uri;
    this.command = command;
    this.directory = directory;
    this.environment = environment;
  }

  /** The JVM's own server; says once on standard output which it is. */
  public static synchronized RedisServer shared() {
    if (shared == null) {
      String given = System.getenv("CONCLAVE_TEST_REDIS");
      if (given != null && !given.isBlank()) {
        shared = new RedisServer(given, null, null, Map.of());
        say("given by CONCLAVE_TEST_REDIS", URI.create(given).getPort());
      } else if (Docker.answers()) {
        shared = container();
        say("container redis:7-alpine", shared.port());
      } else {
        shared = start();
        say("embedded", shared.port());
      }
    }
    return shared;
  }

  private static void say(String which, int port) {
    String version = "?";
    for (String line : shared.info("server").split("\r\n")) {
      if (line.startsWith("redis_version:")) {
        version = line.substring("redis_version:".length());
      }
    }
    System.out.println("Redis for tests: " + which + " " + version + " on port " + port);
  }

  @SuppressWarnings("resource") // it lives as long as the JVM
  private static RedisServer container() {
    GenericContainer<?> container = new GenericContainer<>("redis:7-alpine").withExposedPorts(6379);
    container.start();
    return new RedisServer(
        "redis://" + container.getHost() + ":" + container.getMappedPort(6379),
        null,
        null,
        Map.of());
  }

  /** A private server without persistence; arguments as on Redis' command line. */
  public static RedisServer start(String... arguments) {
    return startAt("redis://127.0.0.1:", Ports.free(), arguments);
  }

  /** A private server that asks for this password; the URI has it. */
  public static RedisServer startWithPassword(String password, String... arguments) {
    List<String> all = new ArrayList<>(List.of("--requirepass", password));
    all.addAll(List.of(arguments));
    return startAt(
        "redis://:" + password + "@127.0.0.1:", Ports.free(), all.toArray(String[]::new));
  }

  /**
   * A private server on this clock, if an executable is installed that is linked dynamically, as
   * Debian's package redis-server is; the embedded one does not see the clock.
   */
  public static Optional<RedisServer> startWithClock(WallClock clock) {
    return Stream.of("/usr/bin/redis-server", "/usr/local/bin/redis-server")
        .filter(path -> new File(path).canExecute())
        .findFirst()
        .map(path -> startAt(path, clock.environment(), "redis://127.0.0.1:", Ports.free()));
  }

  static RedisServer startAt(String uriHead, int port, String... arguments) {
    try {
      return startAt(executable(), Map.of(), uriHead, port, arguments);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RedisServer startAt(
      String executable,
      Map<String, String> environment,
      String uriHead,
      int port,
      String... arguments) {
    try {
      Path directory = Files.createTempDirectory("conclave-redis");
      List<String> command = new ArrayList<>(List.of(executable));
      boolean configured = arguments.length > 0 && !arguments[0].startsWith("--");
      if (configured) {
        command.add(arguments[0]);
      }
      boolean tls = List.of(arguments).contains("--tls-port");
      command.addAll(
          List.of("--port", tls ? "0" : String.valueOf(port), "--dir", directory.toString()));
      if (!configured) {
        command.addAll(List.of("--save", ""));
      }
      command.addAll(
          List.of(arguments).subList(configured ? 1 : 0, arguments.length).stream()
              .map(argument -> argument.replace("$PORT", String.valueOf(port)))
              .toList());
      RedisServer server = new RedisServer(uriHead + port, command, directory, environment);
      Runtime.getRuntime().addShutdownHook(new Thread(server::close));
      server.restart();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static synchronized String executable() throws IOException {
    if (executable == null) {
      executable = RedisExecProvider.defaultProvider().get();
    }
    return executable.getAbsolutePath();
  }

  /** The connection string; it has the password, if there is one. */
  public String uri() {
    return uri;
  }

  /** The port, as the connection string has it. */
  public int port() {
    return URI.create(uri).getPort();
  }

  /** Starts it, again if it ran, on the same port; what its persistence kept is there. */
  public void restart() {
    stop();
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile());
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Async.eventually("Redis listens on port " + port(), this::listens);
  }

  private boolean listens() {
    try (Socket socket = new Socket("127.0.0.1", port())) {
      return socket.isConnected();
    } catch (IOException notYet) {
      if (!process.isAlive()) {
        throw new AssertionError("Redis ended: " + log());
      }
      return false;
    }
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Stops it at once, without saving anything. */
  public void stop() {
    if (process != null) {
      process.destroyForcibly();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          throw new AssertionError("Redis does not stop");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      process = null;
    }
  }

  /** The process, to be paused by a signal. */
  public long pid() {
    return process.pid();
  }

  /** Runs one command. */
  public Object call(String... parts) {
    try (RedisCli cli = new RedisCli(uri)) {
      return cli.call(parts);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A section of INFO. */
  public String info(String section) {
    return (String) call("INFO", section);
  }

  /** How often a command was run since the last {@code CONFIG RESETSTAT}. */
  public long calls(String commandName) {
    for (String line : info("commandstats").split("\r\n")) {
      if (line.startsWith("cmdstat_" + commandName + ":calls=")) {
        return Long.parseLong(line.replaceAll(".*:calls=(\\d+),.*", "$1"));
      }
    }
    return 0;
  }

  @Override
  public void close() {
    stop();
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException gone) {
      // it was closed before
    }
  }
}
