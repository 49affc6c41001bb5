package dev.conclave.chaos.verdict;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file of events, one a line, that survives the death of its writer up to the last line. */
public final class EventLog implements AutoCloseable {
  private final String worker;
  private final BufferedWriter out;

  public EventLog(String worker, Path file) {
    this.worker = worker;
    try {
      out = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public synchronized void add(
      Event.Type type, String key, String id, long at, long fence, long until, String outcome) {
    try {
      out.write(new Event(worker, type, key, id, at, fence, until, outcome).encode());
      out.write('\n');
      out.flush();
    } catch (IOException closed) {
      // what happens after the end of the log is not judged
    }
  }

  /** Something that took from then to now. */
  public void span(Event.Type type, String key, String id, long from, String outcome) {
    add(type, key, id, from, 0, System.nanoTime(), outcome);
  }

  /** What the file holds; a last line that was not finished is none. */
  public static List<Event> read(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      return decode(bytes, finished(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many of these bytes are whole lines. */
  public static int finished(byte[] bytes) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] != '\n') {
      end--;
    }
    return end;
  }

  /** The events of so many bytes, which are whole lines. */
  public static List<Event> decode(byte[] bytes, int finished) {
    return new String(bytes, 0, finished, StandardCharsets.UTF_8)
        .lines()
        .map(Event::decode)
        .toList();
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
