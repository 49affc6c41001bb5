package dev.conclave.time;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.junit5.VertxExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The deadline queue on a real event loop. */
@ExtendWith(VertxExtension.class)
class ContextSchedulerTest {
  private static final long MILLI = 1_000_000;

  private Vertx vertx;
  private Context context;
  private ContextScheduler scheduler;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    context = vertx.getOrCreateContext();
    scheduler = new ContextScheduler(vertx, context);
  }

  @Test
  void timersThatMayRunEarlyJoinTheFirstOfTheirKind() {
    List<String> order = new ArrayList<>();
    Promise<List<String>> after = Promise.promise();
    scheduler.execute(
        () -> {
          scheduler.schedule(30_000 * MILLI, 29_999 * MILLI, () -> order.add("joins"));
          scheduler.schedule(30_000 * MILLI, 1_000 * MILLI, () -> order.add("not so early"));
          scheduler.schedule(30_000 * MILLI, () -> order.add("alone"));
          Scheduler.Timer cancelled =
              scheduler.schedule(30_000 * MILLI, 29_999 * MILLI, () -> order.add("cancelled"));
          scheduler.schedule(1, () -> order.add("no company"));
          scheduler.schedule(
              20 * MILLI,
              1,
              () -> {
                order.add("first");
                cancelled.cancel();
              });
          // Not at once: on a machine that was busy for long, all may be due in one go.
          scheduler.schedule(60 * MILLI, () -> scheduler.execute(() -> after.complete(order)));
        });
    assertThat(get(after.future())).containsExactly("no company", "first", "joins");
  }

  @Test
  void timersRunInTheOrderOfTheirDeadlinesAndNeverEarly() {
    Random random = new Random(7);
    Promise<Void> done = Promise.promise();
    List<Long> order = new ArrayList<>();
    List<Long> early = new ArrayList<>();
    scheduler.execute(
        () -> {
          for (int i = 0; i < 500; i++) {
            long delay = random.nextInt(200) * MILLI;
            long due = scheduler.nanoTime() + delay;
            scheduler.schedule(
                delay,
                () -> {
                  order.add(due);
                  if (scheduler.nanoTime() - due < 0) {
                    early.add(due);
                  }
                });
          }
          scheduler.schedule(400 * MILLI, done::complete);
        });
    get(done.future());
    assertThat(order).hasSize(500);
    // The test reads the clock a little before the scheduler does, so near ties may swap.
    for (int i = 1; i < order.size(); i++) {
      assertThat(order.get(i) - order.get(i - 1)).isGreaterThan(-20 * MILLI);
    }
    assertThat(early).isEmpty();
  }

  @Test
  void cancelledTimersDoNotRunAndTheOthersDo() {
    Random random = new Random(11);
    Promise<Void> done = Promise.promise();
    List<Integer> ran = new ArrayList<>();
    List<Integer> expected = new ArrayList<>();
    scheduler.execute(
        () -> {
          List<Scheduler.Timer> timers = new ArrayList<>();
          for (int i = 0; i < 300; i++) {
            int number = i;
            timers.add(
                scheduler.schedule((20 + random.nextInt(100)) * MILLI, () -> ran.add(number)));
          }
          for (int i = 0; i < 300; i++) {
            if (random.nextBoolean()) {
              timers.get(i).cancel();
              timers.get(i).cancel();
            } else {
              expected.add(i);
            }
          }
          scheduler.schedule(300 * MILLI, done::complete);
        });
    get(done.future());
    assertThat(ran).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void aTimerThatThrowsDoesNotStopTheOthers() {
    Promise<Void> done = Promise.promise();
    context.exceptionHandler(ignored -> {});
    scheduler.execute(
        () -> {
          scheduler.schedule(
              MILLI,
              () -> {
                throw new IllegalStateException("on purpose");
              });
          scheduler.schedule(2 * MILLI, done::complete);
        });
    get(done.future());
    assertThat(done.future().succeeded()).isTrue();
  }

  @Test
  void closingDropsWhatIsScheduled() {
    Promise<Void> later = Promise.promise();
    List<String> ran = new ArrayList<>();
    scheduler.execute(
        () -> {
          Scheduler.Timer timer = scheduler.schedule(5 * MILLI, () -> ran.add("dropped"));
          scheduler.close();
          timer.cancel();
          scheduler.schedule(MILLI, () -> ran.add("refused"));
          vertx.setTimer(50, id -> later.complete());
        });
    get(later.future());
    assertThat(ran).isEmpty();
  }

  @Test
  void itKnowsItsOwnThreadAlsoOnADuplicatedContext() {
    Promise<Boolean> inside = Promise.promise();
    scheduler.execute(() -> inside.complete(scheduler.isCurrent()));
    assertThat(get(inside.future())).isTrue();
    assertThat(scheduler.isCurrent()).isFalse();
    Promise<Boolean> handler = Promise.promise();
    context.runOnContext(
        v -> {
          vertx.eventBus().localConsumer("here", m -> handler.tryComplete(scheduler.isCurrent()));
          vertx.eventBus().send("here", "message");
        });
    assertThat(get(handler.future())).isTrue();
  }

  @Test
  void anotherVerticleOnTheSameThreadMayComeAndGo() {
    Vertx single = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    Promise<ContextScheduler> made = Promise.promise();
    Promise<Void> ran = Promise.promise();
    get(
        single.deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> start() {
                ContextScheduler mine = new ContextScheduler(vertx, context);
                mine.execute(() -> made.complete(mine));
                return made.future();
              }
            }));
    String other =
        get(
            single.deployVerticle(
                new VerticleBase() {
                  @Override
                  public Future<?> start() {
                    ContextScheduler shared = made.future().result();
                    assertThat(shared.isCurrent()).isTrue();
                    shared.schedule(300 * MILLI, ran::complete);
                    return Future.succeededFuture();
                  }
                }));
    get(single.undeploy(other));
    get(ran.future());
    get(single.close());
  }

  @Test
  void blockingCodeOfTheContextIsNotOnItsThread() {
    Promise<Boolean> blocking = Promise.promise();
    scheduler.execute(
        () -> context.executeBlocking(() -> scheduler.isCurrent()).onComplete(blocking));
    assertThat(get(blocking.future())).isFalse();
    Promise<Boolean> after = Promise.promise();
    scheduler.execute(() -> after.complete(scheduler.isCurrent()));
    assertThat(get(after.future())).isTrue();
  }

  @Test
  void aWorkersThreadIsCurrentOnlyWhileItRunsWhatWasExecuted() {
    Promise<List<Boolean>> seen = Promise.promise();
    get(
        vertx.deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> start() {
                ContextScheduler mine = new ContextScheduler(vertx, context);
                List<Boolean> current = new ArrayList<>();
                current.add(mine.isCurrent());
                mine.execute(
                    () -> {
                      current.add(mine.isCurrent());
                      mine.schedule(
                          MILLI,
                          () -> {
                            current.add(mine.isCurrent());
                            seen.complete(current);
                          });
                    });
                return Future.succeededFuture();
              }
            },
            new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER)));
    assertThat(get(seen.future())).containsExactly(false, true, true);
  }
}
