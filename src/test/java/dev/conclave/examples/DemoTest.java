package dev.conclave.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.LaunchedProcess;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;

/** The demonstration as a person meets it: started in a process of its own, ended by Ctrl-C. */
class DemoTest {
  @RepeatedTest(3)
  void ctrlCEndsItInPlainWords() {
    try (LaunchedProcess demo = LaunchedProcess.java(Map.of(), Demo.class.getName())) {
      demo.await("LEADS, fencing token");
      demo.await("holds it after");
      demo.signal("INT");
      demo.await("released everything");
      assertThat(demo.awaitExit()).isEqualTo(130);
      assertThat(demo.output())
          .contains("stepping down")
          .doesNotContain("null", "SLF4J", "Exception", "WARN", "SEVERE", "RECIPIENT_FAILURE");
    }
  }
}
