package dev.conclave.chaos.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.lock.LockService;
import dev.conclave.testing.LaunchedProcess;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClassPathTest {
  @Test
  void workersRunTheShippedJar() {
    assertThat(System.getProperty("conclave.jar")).as("set by the build").isNotNull();
    try (LaunchedProcess process =
        LaunchedProcess.java(Map.of(), "-cp", ClassPath.ofWorkers(), Where.class.getName())) {
      process.awaitExit();
      assertThat(process.output())
          .contains("LockService is in")
          .contains(System.getProperty("conclave.jar"));
    }
  }

  /** Says where it finds the library. */
  static final class Where {
    public static void main(String[] arguments) {
      System.out.println(
          "LockService is in "
              + LockService.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    }
  }
}
