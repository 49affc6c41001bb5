package dev.conclave.testing;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Everything that is logged while it is open, at any level, as one text. All but the command lines
 * of the servers that a test itself starts, which newer JDKs log.
 */
public final class LogRecorder extends Handler implements AutoCloseable {
  private final Queue<String> lines = new ConcurrentLinkedQueue<>();
  private final SimpleFormatter formatter = new SimpleFormatter();
  private final Logger root = Logger.getLogger("");
  private final Level before = root.getLevel();

  private LogRecorder() {
    setLevel(Level.ALL);
  }

  /** Begins to record. */
  public static LogRecorder start() {
    LogRecorder recorder = new LogRecorder();
    recorder.root.addHandler(recorder);
    recorder.root.setLevel(Level.ALL);
    return recorder;
  }

  /** What was logged so far. */
  public String text() {
    return String.join("\n", lines);
  }

  @Override
  public void publish(LogRecord logged) {
    if (!"java.lang.ProcessBuilder".equals(logged.getLoggerName())) {
      lines.add(formatter.format(logged));
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    root.removeHandler(this);
    root.setLevel(before);
  }
}
