package dev.conclave.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseRequest;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Default labels and tokens keep the rules for labels and tokens. */
class ProcessLabelTest {
  @Test
  void theLabelIsAValidOwner() {
    assertThat(LeaseRequest.checkOwner(ProcessLabel.get()))
        .endsWith(":" + ProcessHandle.current().pid());
    assertThat(LeaseRequest.checkOwner(ProcessLabel.label("h".repeat(300) + "\n\u0000", 1)))
        .hasSize(152);
    assertThat(ProcessLabel.label("", 7)).isEqualTo(":7");
  }

  @Test
  void tokensAreValidAndNeverTheSame() {
    Set<String> tokens = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      assertThat(tokens.add(LeaseRequest.checkToken(Tokens.random()))).isTrue();
    }
    assertThat(tokens).allMatch(token -> token.length() == 24);
  }
}
