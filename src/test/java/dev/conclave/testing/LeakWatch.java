package dev.conclave.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Looks for {@link Planted} secrets in all that the tests of a JVM put out.
 *
 * <ol>
 *   <li>JUnit finds it among the services and makes it part of every test class.
 *   <li>From the first test on it reads along: all logging, ours at any level; standard output and
 *       error; and what {@link LaunchedProcess launched processes} print.
 *   <li>The test during which a secret shows up fails, or the next one when it was late.
 * </ol>
 */
public final class LeakWatch implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static final int SHOWN = 300;
  private static final int MOST = 10;

  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
  private static final Formatter FORMATTER = new SimpleFormatter();

  /** Kept, for the logging system forgets the levels of loggers that nothing refers to. */
  private static final Logger OURS = Logger.getLogger("dev.conclave");

  private static boolean watching;

  @Override
  public void beforeAll(ExtensionContext context) {
    watch();
  }

  private static synchronized void watch() {
    OURS.setLevel(Level.ALL); // each time: what a test runs may have set another
    if (!watching) {
      watching = true;
      Logger.getLogger("").addHandler(new Ear());
      System.setOut(new PrintStream(new Lines("standard output", System.out), true));
      System.setErr(new PrintStream(new Lines("standard error", System.err), true));
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    failIfAny();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    failIfAny();
  }

  private static void failIfAny() {
    List<String> leaks = take();
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          leaks.size()
              + " secrets were put out, such as\n"
              + String.join("\n", leaks.subList(0, Math.min(MOST, leaks.size()))));
    }
  }

  /** Where planted secrets were seen since this was asked last. */
  static List<String> take() {
    List<String> leaks = new ArrayList<>();
    for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
      leaks.add(leak);
    }
    return leaks;
  }

  /** Looks through a text that came from there. */
  static void look(String where, String text) {
    int at = text.indexOf(Planted.MARKER);
    if (at >= 0) {
      int from = Math.max(0, at - SHOWN);
      String around = text.substring(from, Math.min(text.length(), at + SHOWN));
      LEAKS.add(where + ": " + around.replace(Planted.MARKER, "<secret>"));
    }
  }

  /** Looks through what was logged, with exceptions. */
  static void look(LogRecord logged) {
    if (!isOfATest(logged)) {
      look("log", FORMATTER.format(logged));
    }
  }

  /** The command lines of servers that tests start, which newer JDKs log. */
  static boolean isOfATest(LogRecord logged) {
    return "java.lang.ProcessBuilder".equals(logged.getLoggerName());
  }

  private static final class Ear extends Handler {
    private Ear() {
      setLevel(Level.ALL);
    }

    @Override
    public void publish(LogRecord logged) {
      look(logged);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** Passes everything on, and looks at every line. */
  private static final class Lines extends OutputStream {
    private final String name;
    private final OutputStream to;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    private Lines(String name, OutputStream to) {
      this.name = name;
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) throws IOException {
      to.write(bytes, from, length);
      for (int i = from; i < from + length; i++) {
        if (bytes[i] == '\n') {
          look(name, line.toString(StandardCharsets.UTF_8));
          line.reset();
        } else {
          line.write(bytes[i]);
        }
      }
    }

    @Override
    public void flush() throws IOException {
      to.flush();
    }
  }
}
