package dev.conclave.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.election.ElectionFixture.Worker;
import dev.conclave.election.ScriptedBackend.Call;
import dev.conclave.election.ScriptedBackend.Fault;
import dev.conclave.testing.CapturedLog;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Workers under random faults, pauses and resignations. Whatever happens: at most one leads at any
 * moment, every start has exactly one end (the fixture checks each event), fencing tokens grow from
 * leader to leader, and once the faults are over a worker leads. Where leaderships are revoked as
 * well, the former leader leads until it learns of it: its successor may lead at the same time.
 */
class LeaderElectionRandomTest {
  private static final int STEPS = 3_000;
  private static final int WORKERS = 4;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
  void atMostOneLeadsAndEveryBeginningHasOneEnd(long seed) {
    run(seed, false);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13, 21, 34})
  void everyBeginningHasOneEndAlsoWhenRevoked(long seed) {
    run(seed, true);
  }

  private static void run(long seed, boolean revokes) {
    try (CapturedLog quiet = CapturedLog.of(LeaderElection.class)) {
      Random random = new Random(seed);
      ElectionFixture fixture = new ElectionFixture();
      long[] lastFence = new long[1];
      for (int i = 0; i < WORKERS; i++) {
        Worker worker = fixture.worker("w" + i % 3, options -> options.setJitter(0.1));
        worker.election.onChange(
            event -> {
              if (event.isLeading() && !revokes) {
                assertThat(event.getFencingToken()).as("seed %d", seed).isGreaterThan(lastFence[0]);
                lastFence[0] = event.getFencingToken();
              }
            });
        worker.start();
      }
      for (int step = 0; step < STEPS; step++) {
        disturb(fixture, random);
        if (revokes && random.nextInt(20) == 0) {
          fixture.store.revoke(ElectionFixture.KEY);
        }
        fixture.time.advance(Duration.ofMillis(random.nextInt(2_000)));
        assertThat(fixture.workers.stream().filter(Worker::leads).count())
            .as("seed %d, step %d", seed, step)
            .isLessThanOrEqualTo(revokes ? WORKERS : 1);
      }
      fixture.workers.forEach(w -> w.backend.onAll(Fault.NONE).deliver());
      fixture.seconds(40);
      assertThat(fixture.workers.stream().filter(Worker::leads).count())
          .as("seed %d: a worker leads", seed)
          .isEqualTo(1);
      fixture.workers.forEach(w -> w.election.close());
      fixture.seconds(30);
      for (Worker worker : fixture.workers) {
        long begun = worker.reasons().stream().filter("elected"::equals).count();
        long ended = worker.bus.stream().filter(e -> e.getReason().isEnd()).count();
        assertThat(ended).as("seed %d", seed).isEqualTo(begun);
        assertThat(begun).as("seed %d: it was not all quiet", seed).isPositive();
      }
      assertThat(fixture.store.find(ElectionFixture.KEY).result()).isEmpty();
      assertThat(fixture.time.pending()).isZero();
    }
  }

  private static void disturb(ElectionFixture fixture, Random random) {
    Worker worker = fixture.workers.get(random.nextInt(WORKERS));
    switch (random.nextInt(20)) {
      case 0, 1, 2 -> worker.backend.onAll(any(Fault.values(), random));
      case 3, 4, 5 -> worker.backend.on(any(Call.values(), random), any(Fault.values(), random));
      case 6, 7, 8 -> worker.backend.onAll(Fault.NONE);
      case 9, 10 -> worker.backend.deliver();
      case 11 -> worker.election.resign(Duration.ofMillis(random.nextInt(20_000)));
      case 12 -> fixture.time.block(Duration.ofMillis(random.nextInt(16_000)));
      default -> {}
    }
  }

  private static <T> T any(T[] values, Random random) {
    return values[random.nextInt(values.length)];
  }
}
