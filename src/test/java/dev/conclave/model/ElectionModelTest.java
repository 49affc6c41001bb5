package dev.conclave.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.election.LeaderElection;
import dev.conclave.testing.CapturedLog;
import java.util.List;
import org.junit.jupiter.api.Test;

class ElectionModelTest {
  @Test
  void explore() {
    java.util.logging.Logger.getLogger(LeaderElection.class.getName()).setLevel(java.util.logging.Level.OFF);
    for (int faults = 0; faults <= Integer.getInteger("model.faults", 1); faults++) {
      Bounds bounds = new Bounds(3, faults, Boolean.getBoolean("model.any"), Long.getLong("model.horizon", 1500), Long.getLong("model.tick", 250), Boolean.getBoolean("model.rates") ? Bounds.WITHIN_THE_MARGIN : List.of(1000));
      long t = System.nanoTime();
      Explorer.Result r = new Explorer(log -> new World(bounds, new ElectionScenario(), Seed.valueOf(System.getProperty("model.seed", "NONE")), log)).explore();
      System.out.println(faults + " faults: " + (System.nanoTime() - t) / 1000000 + " ms " + r.executions() + " executions " + r.states() + " states " + r.ends() + " ends " + r.steps() + " steps longest " + r.longest() + " " + r.violation());
      r.trace().forEach(System.out::println);
      if (r.violation() != null) break;
    }
  }
}
