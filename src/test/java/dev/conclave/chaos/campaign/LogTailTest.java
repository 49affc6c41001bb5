package dev.conclave.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTailTest {
  @TempDir private Path folder;

  private static void says(EventLog log, String id) {
    log.add(Event.Type.LEADS, "k", id, 1, 2, 3, null);
  }

  private static List<String> ids(LogTail tail) {
    return tail.events().stream().map(Event::id).toList();
  }

  @Test
  void itTellsWhatIsLoggedAfterItBegan() throws IOException {
    List<Path> files = new ArrayList<>(List.of(folder.resolve("a")));
    try (EventLog first = new EventLog("a", folder.resolve("a"));
        EventLog second = new EventLog("b", folder.resolve("b"))) {
      says(first, "before");
      says(second, "of a log that is new");
      LogTail tail = new LogTail(() -> files);
      assertThat(ids(tail)).isEmpty();
      says(first, "1");
      files.add(folder.resolve("b"));
      assertThat(ids(tail)).containsExactly("1", "of a log that is new");
      says(first, "2");
      Files.writeString(folder.resolve("b"), "{\"worker\":", StandardOpenOption.APPEND);
      assertThat(ids(tail))
          .as("no unfinished line")
          .containsExactly("1", "of a log that is new", "2");
    }
  }
}
