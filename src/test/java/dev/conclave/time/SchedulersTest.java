package dev.conclave.time;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Schedulers that depend on no verticle, no request and no worker. */
@ExtendWith(VertxExtension.class)
class SchedulersTest {
  private static final long MILLI = 1_000_000;

  private static Future<Context> timer(Scheduler scheduler) {
    Promise<Context> fired = Promise.promise();
    scheduler.execute(
        () -> scheduler.schedule(20 * MILLI, () -> fired.complete(Vertx.currentContext())));
    return fired.future();
  }

  /** The scheduler that a verticle gets, in its start or when it is sent a message. */
  private static final class User extends VerticleBase {
    private final Promise<Scheduler> inAHandler = Promise.promise();
    private final AtomicReference<Scheduler> inItsStart = new AtomicReference<>();
    private Thread thread;
    private Context handlers;

    @Override
    public Future<?> start() {
      thread = Thread.currentThread();
      inItsStart.set(Schedulers.of(vertx).own());
      return vertx
          .eventBus()
          .consumer(
              "use",
              message -> {
                handlers = Vertx.currentContext();
                inAHandler.complete(Schedulers.of(vertx).shared());
              })
          .completion();
    }
  }

  @Test
  void anUndeploymentEndsNoTimer(Vertx vertx) {
    User user = new User();
    String id = get(vertx.deployVerticle(user));
    Scheduler scheduler = user.inItsStart.get();
    Promise<Void> fired = Promise.promise();
    scheduler.execute(() -> scheduler.schedule(500 * MILLI, fired::complete));
    get(vertx.undeploy(id));
    get(fired.future());
    assertThat(get(timer(scheduler)).deploymentID()).isNull();
  }

  @Test
  void theContextOfARequestIsNotKept(Vertx vertx) {
    User user = new User();
    get(vertx.deployVerticle(user));
    vertx.eventBus().send("use", "me");
    Scheduler scheduler = get(user.inAHandler.future());
    Context fired = get(timer(scheduler));
    assertThat(fired).isNotSameAs(user.handlers);
    assertThat(fired.deploymentID()).isNull();
    user.handlers.put("of the verticle", "value");
    assertThat(fired.<String>get("of the verticle")).isNull();
  }

  @Test
  void aCallerOnAnEventLoopChangesNoThread(Vertx vertx) {
    User user = new User();
    get(vertx.deployVerticle(user));
    Promise<Thread> ran = Promise.promise();
    user.inItsStart.get().execute(() -> ran.complete(Thread.currentThread()));
    assertThat(get(ran.future())).isSameAs(user.thread);
  }

  @Test
  void aWorkerGetsASchedulerOnAnEventLoop(Vertx vertx) {
    User user = new User();
    get(
        vertx.deployVerticle(
            user, new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER)));
    assertThat(get(timer(user.inItsStart.get())).isEventLoopContext()).isTrue();
  }

  @Test
  void timersRunOnWhileVertxWaitsForAVerticleToStop() {
    Vertx vertx = Vertx.vertx();
    Scheduler scheduler = Schedulers.of(vertx).own();
    get(timer(scheduler));
    Promise<Void> stopping = Promise.promise();
    get(
        vertx.deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> stop() {
                scheduler.execute(() -> scheduler.schedule(200 * MILLI, stopping::complete));
                return stopping.future();
              }
            }));
    get(vertx.close());
    assertThat(stopping.future().succeeded()).isTrue();
  }

  @Test
  void callersOfOneEventLoopShareItAndSoDoAllOthers(Vertx vertx) {
    Schedulers schedulers = Schedulers.of(vertx);
    assertThat(schedulers.shared()).isSameAs(schedulers.shared());
    assertThat(Schedulers.of(vertx)).isSameAs(schedulers);
    assertThat(schedulers.own()).isNotSameAs(schedulers.own());
  }

  @Test
  void whatWasExecutedBeforeThereWasAContextRunsFirst(Vertx vertx) {
    Promise<Context> made = Promise.promise();
    ContextScheduler scheduler = new ContextScheduler(vertx, made.future());
    StringBuilder order = new StringBuilder();
    Promise<Void> done = Promise.promise();
    scheduler.execute(() -> order.append("a"));
    scheduler.execute(() -> order.append("b"));
    made.complete(vertx.getOrCreateContext());
    scheduler.execute(
        () -> {
          order.append("c");
          done.complete();
        });
    get(done.future());
    assertThat(order).hasToString("abc");
  }

  @Test
  void afterVertxIsClosedCallsFailAndNoneWaits() {
    Vertx vertx = Vertx.vertx();
    get(vertx.close());
    Scheduler scheduler = Schedulers.of(vertx).own();
    Promise<Void> ran = Promise.promise();
    try {
      scheduler.execute(ran::complete);
      get(ran.future());
    } catch (RejectedExecutionException refused) {
      assertThat(refused).hasMessage("Vert.x is closed");
    }
    eventually("refusal", () -> refuses(scheduler));
  }

  private static boolean refuses(Scheduler scheduler) {
    try {
      scheduler.execute(() -> {});
      return false;
    } catch (RejectedExecutionException refused) {
      return true;
    }
  }
}
