package dev.conclave.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.lock.LockService;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A secret is noticed wherever it gets out: otherwise nothing would be proven by silence. */
class LeakWatchTest {
  /** A process that prints its argument. */
  static final class Talkative {
    private Talkative() {}

    /** Prints. */
    public static void main(String[] arguments) {
      System.err.println("the token is " + arguments[0]);
    }
  }

  @Test
  void whatIsLoggedIsLookedAt() {
    System.Logger log = System.getLogger(LockService.class.getName());
    log.log(System.Logger.Level.TRACE, "token {0}", Planted.secret());
    log.log(System.Logger.Level.TRACE, "as usual", new IllegalStateException(Planted.secret()));
    assertThat(LeakWatch.take()).hasSize(2).allMatch(leak -> leak.startsWith("log: "));
  }

  @Test
  void whatATestCapturesIsLookedAt() {
    try (CapturedLog log = CapturedLog.of(LockService.class)) {
      System.getLogger(LockService.class.getName()).log(System.Logger.Level.INFO, Planted.secret());
      assertThat(log.messages()).hasSize(1);
    }
    assertThat(LeakWatch.take()).hasSize(1);
  }

  @Test
  void whatIsPrintedIsLookedAt() {
    System.out.println("as usual");
    System.out.println("the password: " + Planted.secret() + " (a test of the watch)");
    System.err.println("and again: " + Planted.secret() + " (a test of the watch)");
    assertThat(LeakWatch.take())
        .hasSize(2)
        .anyMatch(leak -> leak.startsWith("standard output: "))
        .anyMatch(leak -> leak.startsWith("standard error: "))
        .noneMatch(leak -> leak.contains(Planted.MARKER));
  }

  @Test
  void whatProcessesPrintIsLookedAt() {
    try (LaunchedProcess process =
        LaunchedProcess.java(Map.of(), Talkative.class.getName(), Planted.secret())) {
      process.await("the token is");
      assertThat(LeakWatch.take()).hasSize(1).allMatch(leak -> leak.startsWith("process"));
    }
  }
}
