package dev.conclave.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.LaunchedProcess;
import dev.conclave.testing.WallClock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process sees its wall clock jump while it runs, where there is a C compiler; else it stays. */
class WallClockTest {
  private static final long HOUR = 3_600;

  @TempDir private Path folder;

  /** Says what time it is for every line of its input. */
  public static final class Clock {
    private Clock() {}

    /** Runs until its input ends. */
    public static void main(String[] arguments) {
      Scanner in = new Scanner(System.in, "UTF-8");
      while (in.hasNextLine()) {
        System.out.println(in.nextLine() + "=" + System.currentTimeMillis() + ";");
      }
    }
  }

  @Test
  void aRunningProcessSeesItJump() {
    WallClock clock = new WallClock(folder.resolve("clock"), HOUR);
    try (LaunchedProcess process =
        LaunchedProcess.java(
            clock.environment(), "-cp", ClassPath.ofWorkers(), Clock.class.getName())) {
      assertAhead(process, "start", HOUR);
      clock.shift(-HOUR);
      assertAhead(process, "moved", -HOUR);
      clock.shift(2 * HOUR);
      assertAhead(process, "again", 2 * HOUR);
      clock.shift(0);
      assertAhead(process, "right", 0);
    }
  }

  private static void assertAhead(LaunchedProcess process, String question, long seconds) {
    process.send(question);
    String answer = process.await(question + "=").text();
    long read = Long.parseLong(answer.replaceAll(".*=(\\d+);.*", "$1"));
    long expected = WallClock.canShift() ? seconds : 0;
    assertThat(Duration.ofMillis(read - System.currentTimeMillis()))
        .as(question)
        .isBetween(Duration.ofSeconds(expected - 300), Duration.ofSeconds(expected + 300));
  }
}
