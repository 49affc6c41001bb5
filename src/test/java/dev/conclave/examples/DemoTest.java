package dev.conclave.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.LaunchedProcess;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;

/** The demonstration as a person meets it: started in a process of its own, ended by a signal. */
class DemoTest {
  @RepeatedTest(3)
  void itEndsInPlainWords() {
    try (LaunchedProcess demo = LaunchedProcess.java(Map.of(), Demo.class.getName())) {
      demo.await("LEADS, fencing token");
      demo.await("holds it after");
      demo.signal(
          "TERM"); // a JVM takes it as it takes Ctrl-C, which a CI job may have switched off
      demo.await("released everything");
      assertThat(demo.awaitExit()).isEqualTo(143);
      assertThat(demo.output())
          .contains("stepping down")
          .doesNotContain("null", "SLF4J", "Exception", "WARN", "SEVERE", "RECIPIENT_FAILURE");
    }
  }
}
