package dev.conclave.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseRequest;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokensTest {
  @Test
  void aTokenHasAtLeast128BitsOfBase64Url() {
    assertThat(Tokens.random()).matches("[A-Za-z0-9_-]{22,}");
    assertThat(LeaseRequest.checkToken(Tokens.random())).isNotEmpty();
  }

  @Test
  void tokensDrawnByManyThreadsAreAllDifferent() {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    int count = 100_000;
    IntStream.range(0, count).parallel().forEach(i -> seen.add(Tokens.random()));
    assertThat(seen).hasSize(count);
  }
}
