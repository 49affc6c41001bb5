package dev.conclave.testing;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A JVM of its own, started as the launcher starts one, whose output is read line by line. */
public final class LaunchedProcess implements AutoCloseable {
  /** A line of output and when this process read it, on its monotonic clock. */
  public record Output(long at, String text) {}

  private final Process process;
  private final List<Output> lines = new CopyOnWriteArrayList<>();

  private LaunchedProcess(Process process) {
    this.process = process;
    Thread reader = new Thread(this::read, "output-of-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  /** {@code ConclaveVerticle} under Vert.x' launcher with a configuration file. */
  public static LaunchedProcess conclave(Path conf, Map<String, String> environment) {
    return java(
        environment,
        "io.vertx.launcher.application.VertxApplication",
        "dev.conclave.ConclaveVerticle",
        "-conf",
        conf.toString());
  }

  /** Any main class on this JVM's class path. */
  public static LaunchedProcess java(Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Djava.util.logging.config.file=src/test/resources/launched-logging.properties");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.directory(new File(".").getAbsoluteFile());
    builder.environment().putAll(environment);
    try {
      LaunchedProcess launched = new LaunchedProcess(builder.start());
      Runtime.getRuntime().addShutdownHook(new Thread(launched::kill));
      return launched;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        LeakWatch.look("process " + process.pid(), line);
        lines.add(new Output(System.nanoTime(), line));
      }
    } catch (IOException ended) {
      // the process is gone
    }
  }

  /** The first line with this text, now or within the patience of a test. */
  public Output await(String text) {
    return await(text, Long.MIN_VALUE);
  }

  /** The first line with this text that was read after a moment of the monotonic clock. */
  public Output await(String text, long after) {
    Output[] found = new Output[1];
    Async.eventually(
        "'" + text + "' in the output of " + process.pid() + ", which is\n" + output(),
        () -> {
          found[0] = find(text, after);
          return found[0] != null;
        });
    return found[0];
  }

  /** The first line with this text that was read after the moment, or null. */
  public Output find(String text, long after) {
    return lines.stream()
        .filter(line -> line.at > after && line.text.contains(text))
        .findFirst()
        .orElse(null);
  }

  /** Everything it has printed. */
  public String output() {
    StringBuilder all = new StringBuilder();
    lines.forEach(line -> all.append(line.text).append('\n'));
    return all.toString();
  }

  /** Writes a line to its standard input. */
  public void send(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** Sends SIGKILL. */
  public void kill() {
    process.destroyForcibly();
  }

  /** Sends any signal by name, such as {@code STOP} or {@code CONT}. */
  public void signal(String name) {
    Signals.send(name, process.pid());
  }

  /** The exit code, once it has ended. */
  public int awaitExit() {
    try {
      if (!process.waitFor(Async.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("process " + process.pid() + " goes on:\n" + output());
      }
      Async.pause(Duration.ofMillis(50)); // the last lines are still being read
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    kill();
    awaitExit();
  }
}
