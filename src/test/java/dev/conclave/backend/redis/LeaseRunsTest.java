package dev.conclave.backend.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Operations alike go together, and those on one record in their order. */
class LeaseRunsTest {
  private static final Duration LEASE = Duration.ofSeconds(30);

  private static RedisRequest acquire(String name, Duration lease) {
    return RedisRequest.acquire(
        "conclave", LeaseRequest.of(LeaseKey.lock(name), "t-" + name, lease, "me"));
  }

  private static RedisRequest release(String name) {
    return RedisRequest.release("conclave", LeaseKey.lock(name), "t-" + name);
  }

  private static RedisRequest await(String name, long number) {
    LeaseRequest request = LeaseRequest.of(LeaseKey.lock(name), "t-" + name, LEASE, "me");
    RedisRequest waiting = RedisRequest.acquire("conclave", request.waiting(LEASE, () -> {}));
    waiting.waitsAs(number);
    return waiting;
  }

  private static List<Integer> order(List<RedisRequest> operations) {
    LeaseScript.Runs runs = new LeaseScript.Runs();
    for (int i = 0; i < operations.size(); i++) {
      runs.add(operations.get(i), i);
    }
    return runs.places();
  }

  @Test
  void mixedKindsAreSorted() {
    assertThat(
            order(
                List.of(
                    acquire("a", LEASE),
                    release("b"),
                    acquire("c", LEASE),
                    release("d"),
                    acquire("e", LEASE.plusMillis(1)))))
        .containsExactly(0, 2, 1, 3, 4);
  }

  @Test
  void operationsOnOneRecordKeepTheirOrder() {
    assertThat(
            order(
                List.of(
                    acquire("a", LEASE), release("a"), acquire("a", LEASE), acquire("b", LEASE))))
        .containsExactly(0, 1, 2, 3)
        .as("b may go with either acquire");
  }

  @Test
  void waitersOfARunHaveConsecutiveNumbers() {
    assertThat(order(List.of(await("a", 7), await("b", 9), await("c", 8))))
        .containsExactly(0, 2, 1);
  }

  @Test
  void randomBatchesLoseNothingAndKeepEveryRecordsOrder() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      List<RedisRequest> operations = new ArrayList<>();
      for (int i = random.nextInt(40); i >= 0; i--) {
        String name = "n" + random.nextInt(6);
        operations.add(
            random.nextBoolean()
                ? release(name)
                : acquire(name, LEASE.plusMillis(random.nextInt(12))));
      }
      List<Integer> order = order(operations);
      assertThat(order).as("seed %d", seed).doesNotHaveDuplicates().hasSameSizeAs(operations);
      for (int i = 0; i < order.size(); i++) {
        for (int j = i + 1; j < order.size(); j++) {
          int before = order.get(i);
          int after = order.get(j);
          if (operations.get(before).record().equals(operations.get(after).record())) {
            assertThat(before).as("seed %d", seed).isLessThan(after);
          }
        }
      }
    }
  }
}
