package dev.conclave.testing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** What is logged while this is open. */
public final class CapturedLog extends Handler implements AutoCloseable {
  private final Logger logger;
  private final Level levelBefore;
  private final boolean consoleBefore;
  private final Formatter formatter = new SimpleFormatter();
  private final List<LogRecord> records = new CopyOnWriteArrayList<>();

  private CapturedLog(Logger logger, Level level, boolean console) {
    this.logger = logger;
    levelBefore = logger.getLevel();
    consoleBefore = logger.getUseParentHandlers();
    setLevel(level);
    logger.setLevel(level);
    logger.setUseParentHandlers(console);
    logger.addHandler(this);
  }

  /** From {@code INFO} upwards, of the logger named after the class; the console is spared. */
  public static CapturedLog of(Class<?> name) {
    return new CapturedLog(Logger.getLogger(name.getName()), Level.INFO, false);
  }

  /** Everything that Conclave logs, at any level; the console is spared. */
  public static CapturedLog ofConclave() {
    return new CapturedLog(Logger.getLogger("dev.conclave"), Level.ALL, false);
  }

  /**
   * Everything, of all loggers and at any level, but for the command lines of the servers that a
   * test itself starts, which newer JDKs log.
   */
  public static CapturedLog ofEverything() {
    return new CapturedLog(Logger.getLogger(""), Level.ALL, true);
  }

  /** Errors of all loggers, those of libraries among them. */
  public static CapturedLog ofErrors() {
    return new CapturedLog(Logger.getLogger(""), Level.SEVERE, true);
  }

  /** The messages so far, in order. */
  public List<String> messages() {
    return records.stream().map(LogRecord::getMessage).toList();
  }

  /** Everything so far as one text, with the exceptions. */
  public String text() {
    StringBuilder text = new StringBuilder();
    records.forEach(logged -> text.append(formatter.format(logged)));
    return text.toString();
  }

  @Override
  public void publish(LogRecord logged) {
    if (isLoggable(logged) && !LeakWatch.isOfATest(logged)) {
      records.add(logged);
      LeakWatch.look(logged);
    }
  }

  @Override
  public void flush() {}

  /** Lets the console have it again. */
  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(consoleBefore);
    logger.setLevel(levelBefore);
  }
}
