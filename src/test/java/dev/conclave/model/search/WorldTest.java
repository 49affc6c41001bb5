package dev.conclave.model.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.SyncBackend;
import dev.conclave.model.world.Bounds;
import dev.conclave.model.world.ModelProcess;
import dev.conclave.model.world.Scenario;
import dev.conclave.model.world.Seed;
import dev.conclave.model.world.Violation;
import dev.conclave.model.world.Violation.Kind;
import dev.conclave.model.world.World;
import io.vertx.core.Promise;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a scenario does wrong is found, whatever it is about. */
class WorldTest {
  @Test
  void aFutureThatDoesNotCompleteIsFound() {
    assertThat(
            violation(
                process -> {
                  process.expect("an answer", Promise.promise().future(), 100);
                  process.in(101, () -> {});
                }))
        .isEqualTo(Kind.LATE);
  }

  @Test
  void aFutureThatCompletesAtItsDeadlineIsNot() {
    assertThat(
            violation(
                process -> {
                  Promise<Void> answer = Promise.promise();
                  process.expect("an answer", answer.future(), 100);
                  process.in(100, answer::complete);
                  process.in(101, () -> {});
                }))
        .isNull();
  }

  @Test
  void whatIsThrownIsFound() {
    assertThat(
            violation(
                process ->
                    process.in(
                        1,
                        () -> {
                          throw new IllegalStateException("a bug");
                        })))
        .isEqualTo(Kind.THROWN);
  }

  private static Kind violation(Consumer<ModelProcess> begin) {
    Bounds bounds = new Bounds(1, 200);
    Violation found =
        new Explorer(log -> new World(bounds, new Only(begin), Seed.NONE, Set.of(), log), true)
            .explore()
            .violation();
    return found == null ? null : found.kind();
  }

  /** The first process begins so; nothing else happens. */
  private record Only(Consumer<ModelProcess> begin) implements Scenario {
    @Override
    public long calm() {
      return 10;
    }

    @Override
    public void prepare(World world, ModelProcess process, SyncBackend backend) {}

    @Override
    public void begin(World world, ModelProcess process) {
      if (process.name.equals("p1")) {
        begin.accept(process);
      }
    }

    @Override
    public void check(World world) {}

    @Override
    public void heal(World world, ModelProcess process) {}

    @Override
    public void finish(World world) {}
  }
}
