package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The conductor's end of a {@link Worker}. */
final class WorkerProcess implements AutoCloseable {
  private final Contender contender;
  private final Process process;
  private final BufferedReader answers;
  private final Writer commands;

  private WorkerProcess(Contender contender, Process process) {
    this.contender = contender;
    this.process = process;
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.commands = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
  }

  /** Starts a process and waits until its contender is connected. */
  static WorkerProcess start(
      Contender contender, Servers servers, Settings settings, Duration lease) throws IOException {
    JsonObject start =
        new JsonObject()
            .put("contender", contender.id())
            .put("leaseMillis", lease.toMillis())
            .put("redis", servers.redis(contender.server()))
            .put("postgres", servers.postgres(contender.server()));
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("-Xmx1g");
    line.add("-Dvertx.disableFileCaching=true");
    String logging = System.getProperty("java.util.logging.config.file");
    if (logging != null) {
      line.add("-Djava.util.logging.config.file=" + logging);
    }
    line.addAll(settings.jvm());
    line.addAll(List.of("-cp", System.getProperty("java.class.path")));
    line.addAll(List.of(Worker.class.getName(), start.encode()));
    WorkerProcess worker =
        new WorkerProcess(
            contender,
            new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    worker.answer();
    return worker;
  }

  Contender contender() {
    return contender;
  }

  /** Sends a command and waits for its answer. */
  JsonObject ask(JsonObject command) throws IOException {
    tell(command);
    return answer();
  }

  /** Sends a command; {@link #answer()} must follow. */
  void tell(JsonObject command) throws IOException {
    commands.write(command.encode() + "\n");
    commands.flush();
  }

  JsonObject answer() throws IOException {
    String line = answers.readLine();
    while (line != null && !line.startsWith("{")) {
      line = answers.readLine(); // what the JVM itself has to say
    }
    if (line == null) {
      throw new IOException("the process of " + contender.id() + " has ended");
    }
    JsonObject answer = new JsonObject(line);
    if (answer.containsKey("failed")) {
      throw new IOException(contender.id() + ": " + answer.getString("failed"));
    }
    return answer;
  }

  /** The processor time used so far. */
  Duration cpu() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  /** SIGKILL. */
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() throws IOException {
    try {
      commands.close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException gone) {
      process.destroyForcibly();
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
