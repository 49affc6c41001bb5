package dev.conclave.chaos.campaign;

import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What is logged from now on: the logs of a long campaign are not read anew at every question. */
final class LogTail {
  private final Supplier<Collection<Path>> files;
  private final Map<Path, Long> read = new HashMap<>();
  private final List<Event> events = new ArrayList<>();

  /**
   * Begins now.
   *
   * @param files those that there are; one that is new is read from its beginning
   */
  LogTail(Supplier<Collection<Path>> files) {
    this.files = files;
    try {
      for (Path file : files.get()) {
        if (Files.exists(file)) {
          read.put(file, endOfLastLine(file));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of it up to this moment. */
  List<Event> events() {
    try {
      for (Path file : files.get()) {
        if (Files.exists(file)) {
          long from = read.getOrDefault(file, 0L);
          byte[] bytes = bytes(file, from);
          int lines = EventLog.finished(bytes);
          events.addAll(EventLog.decode(bytes, lines));
          read.put(file, from + lines);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.copyOf(events);
  }

  private static long endOfLastLine(Path file) throws IOException {
    long somewhere = Math.max(0, Files.size(file) - 10_000);
    return somewhere + EventLog.finished(bytes(file, somewhere));
  }

  private static byte[] bytes(Path file, long from) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.max(0, channel.size() - from));
      channel.position(from);
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // reads on
      }
      return buffer.array();
    }
  }
}
