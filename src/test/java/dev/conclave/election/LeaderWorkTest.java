package dev.conclave.election;

import static dev.conclave.election.ElectionBench.assertDone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Watch;
import dev.conclave.election.ElectionBench.Worker;
import dev.conclave.election.ScriptedBackend.Call;
import dev.conclave.election.ScriptedBackend.Fault;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What runs on the leader only, in time that the test owns. */
class LeaderWorkTest {
  private final CapturedLog log = CapturedLog.of(LeaderElection.class);
  private final ElectionBench bench = new ElectionBench();

  @AfterEach
  void listen() {
    log.close();
  }

  private Worker withVerticle(String name) {
    return bench.worker(name, o -> o.setDeploy(List.of(new LeaderDeployment("leader-only"))));
  }

  // ---- actions at the beginning and the end of a leadership

  @Test
  void actionsRunOnceAndThoseThatAreTakenBackLeaveNothing() {
    Worker a = bench.worker("a", o -> {}).start();
    List<String> ran = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      a.election.onLoss(() -> ran.add("taken back")).close();
    }
    a.election.onLoss(() -> ran.add("lost"));
    a.election.onLeadership(() -> ran.add("leads"));
    bench.time.run();
    assertThat(ran).containsExactly("leads");
    assertThat(a.election.waiting()).isEqualTo(1);
    Watch late = a.election.onLoss(() -> ran.add("taken back"));
    bench.time.run();
    late.close();
    a.election.close();
    bench.time.run();
    a.election.onLoss(() -> ran.add("over"));
    a.election.onLeadership(() -> ran.add("never")).close();
    bench.time.run();
    assertThat(ran).containsExactly("leads", "lost", "over");
    assertThat(a.election.waiting()).isZero();
  }

  // ---- leader-only verticles

  @Test
  void aVerticleRunsWhileItsWorkerLeads() {
    Worker a = withVerticle("a").start();
    Worker b = withVerticle("b").start();
    assertThat(a.deployed).hasSize(1);
    assertThat(b.deployed).isEmpty();
    a.election.close();
    bench.time.run();
    assertThat(a.deployed.get(0).gone).isTrue();
    assertThat(b.deployed).hasSize(1);
  }

  @Test
  void itIsUndeployedAtOnceWhenLeadershipIsLost() {
    Worker a = withVerticle("a").start();
    a.backend.onAll(Fault.FAILS);
    bench.seconds(10);
    assertThat(a.deployed.get(0).undeploying).isTrue();
  }

  @Test
  void itHasStoppedBeforeALeaderThatStepsDownReleases() {
    Worker a = withVerticle("a").start();
    Worker b = withVerticle("b").start();
    Promise<Void> gone = ElectionBench.promise();
    a.nextUndeployment = gone.future();
    Future<Void> stopped = a.election.close();
    bench.seconds(9);
    assertThat(a.leads()).as("still leading, still renewed").isTrue();
    assertThat(a.backend.count(Call.EXTEND)).isGreaterThanOrEqualTo(4);
    assertThat(a.backend.count(Call.RELEASE)).isZero();
    gone.complete();
    bench.time.run();
    assertDone(stopped);
    assertThat(a.reasons()).containsExactly("elected", "stopped");
    assertThat(b.leads()).isTrue();
  }

  @Test
  void itsStoppingIsBoundedInTime() {
    Worker a = withVerticle("a").start();
    Worker b = withVerticle("b").start();
    a.nextUndeployment = ElectionBench.promise().future();
    Future<Void> stopped = a.election.close();
    bench.seconds(9.99);
    assertThat(a.leads()).isTrue();
    bench.seconds(0.02);
    assertDone(stopped);
    assertThat(b.leads()).isTrue();
    assertThat(log.messages()).anyMatch(line -> line.contains("its work has not stopped"));
  }

  @Test
  void losingTheLeadershipWhileItStopsIsALossAndNothingElse() {
    Worker a = withVerticle("a").start();
    a.nextUndeployment = ElectionBench.promise().future();
    Future<Void> resigned = a.election.resign(Duration.ofSeconds(100));
    bench.seconds(1);
    bench.store.revoke(ElectionBench.KEY);
    bench.seconds(2);
    assertDone(resigned);
    bench.seconds(30);
    assertThat(a.reasons()).containsExactly("elected", "lost");
    assertThat(a.election.leader()).as("in its cooldown").isNull();
  }

  @Test
  void aSecondInstanceWaitsForTheFirstToBeGone() {
    Worker a = withVerticle("a").start();
    Promise<Void> gone = ElectionBench.promise();
    a.nextUndeployment = gone.future();
    bench.store.revoke(ElectionBench.KEY);
    bench.seconds(1);
    assertThat(a.reasons()).containsExactly("elected", "lost", "elected");
    assertThat(a.deployed).hasSize(1);
    gone.complete();
    assertThat(a.deployed).hasSize(2);
  }

  @Test
  void aLeaderWhoseFormerInstanceHangsResignsSoThatAnotherMayTry() {
    Worker a = withVerticle("a").start();
    a.nextUndeployment = ElectionBench.promise().future();
    bench.store.revoke(ElectionBench.KEY);
    bench.seconds(1);
    Worker b = withVerticle("b").start();
    bench.seconds(20);
    assertThat(a.reasons()).startsWith("elected", "lost", "elected", "resigned");
    assertThat(a.deployed).hasSize(1);
    assertThat(b.leads()).isTrue();
  }

  @Test
  void aLeaderThatCannotDeployResignsForALeaseDuration() {
    Worker a = withVerticle("a");
    a.nextDeployment = Future.failedFuture("no such verticle");
    a.start();
    Worker b = withVerticle("b").start();
    bench.time.run();
    assertThat(a.reasons()).startsWith("elected", "resigned");
    assertThat(log.messages())
        .anyMatch(line -> line.contains("'leader-only' cannot be deployed: no such verticle"));
    assertThat(b.leads()).isTrue();
    bench.seconds(0.5);
    assertThat(a.reasons()).containsExactly("elected", "resigned", "observed");
    b.election.close();
    bench.seconds(14.4);
    assertThat(a.reasons().stream().filter("elected"::equals)).hasSize(1);
    bench.seconds(0.2);
    assertThat(a.reasons().stream().filter("elected"::equals)).hasSize(2);
  }

  @Test
  void aDeploymentThatCompletesAfterTheLossIsUndeployed() {
    Worker a = withVerticle("a");
    Promise<Void> slow = ElectionBench.promise();
    a.nextDeployment = slow.future();
    a.start();
    a.backend.onAll(Fault.FAILS);
    bench.seconds(11);
    assertThat(a.leads()).isFalse();
    slow.complete();
    bench.time.run();
    assertThat(a.deployed.get(0).gone).isTrue();
  }

  @Test
  void aVerticleThatIsAddedToALeaderRunsAtOnce() {
    Worker a = bench.worker("a").start();
    a.election.deployWhileLeading(() -> new VerticleBase() {}, new DeploymentOptions());
    bench.time.run();
    assertThat(a.deployed).hasSize(1);
  }

  // ---- lead, awaitLeadership, awaitLoss

  @Test
  void aBodyRunsOnceItsWorkerLeads() {
    bench.worker("a").start();
    Worker b = bench.worker("b").start();
    List<String> ran = new ArrayList<>();
    Future<String> led =
        b.election.lead(
            () -> {
              ran.add("b");
              return Future.succeededFuture("done");
            });
    bench.seconds(10);
    assertThat(ran).isEmpty();
    bench.workers.get(0).election.close();
    bench.time.run();
    assertThat(led.result()).isEqualTo("done");
    bench.seconds(60);
    assertThat(ran).containsExactly("b");
  }

  @Test
  void aBodyThatThrowsAnErrorOrHasNoFutureEndsAtOnce() {
    StackOverflowError thrown = new StackOverflowError("of a test");
    Worker a = bench.worker("a").start();
    Future<Void> error =
        a.election.lead(
            () -> {
              throw thrown;
            });
    Future<Void> none = a.election.lead(() -> null);
    bench.time.run();
    assertThat(error.cause()).isSameAs(thrown);
    assertThat(none.failed()).isTrue();
    Future<Void> resigned = a.election.resign(Duration.ZERO);
    bench.time.run();
    assertThat(resigned.isComplete()).as("it waits for no body").isTrue();
  }

  @Test
  void aBodyFailsWithItsOwnFailure() {
    Worker a = bench.worker("a").start();
    Future<Void> failed = a.election.lead(() -> Future.failedFuture("no"));
    Future<Void> thrown =
        a.election.lead(
            () -> {
              throw new IllegalStateException("never");
            });
    bench.time.run();
    assertThat(failed.cause()).hasMessage("no");
    assertThat(thrown.cause()).hasMessage("never");
    assertThat(a.leads()).isTrue();
  }

  @Test
  void aBodyEndsWithTheLeadership() {
    Worker a = bench.worker("a").start();
    Future<Void> led = a.election.lead(() -> ElectionBench.promise().future());
    a.backend.onAll(Fault.FAILS);
    bench.seconds(11);
    assertThat(ErrorCode.LOST.is(led.cause())).isTrue();
    assertThat(led.cause()).hasMessageContaining("orders");
  }

  @Test
  void aLeaderThatStepsDownLetsBodiesEndFirst() {
    Worker a = bench.worker("a").start();
    Worker b = bench.worker("b").start();
    Promise<Void> work = ElectionBench.promise();
    Future<Void> led = a.election.lead(work::future);
    Future<Void> stepDown = a.election.awaitStepDown();
    Future<Void> loss = a.election.awaitLoss();
    bench.time.run();
    a.election.resign(Duration.ofSeconds(10));
    bench.seconds(5);
    assertDone(stepDown);
    assertThat(loss.isComplete()).isFalse();
    assertThat(a.leads()).isTrue();
    work.complete();
    bench.time.run();
    assertDone(led);
    assertDone(loss);
    assertThat(a.leads()).isFalse();
    assertThat(b.leads()).isTrue();
  }

  @Test
  void noBodyBeginsWhileTheLeaderStepsDown() {
    Worker a = bench.worker("a").start();
    a.election.lead(() -> ElectionBench.promise().future());
    bench.time.run();
    a.election.close();
    bench.time.run();
    List<String> ran = new ArrayList<>();
    Future<Void> late =
        a.election.lead(
            () -> {
              ran.add("late");
              return Future.succeededFuture();
            });
    bench.seconds(30);
    assertThat(ran).isEmpty();
    assertThat(ErrorCode.CLOSED.is(late.cause())).isTrue();
  }

  @Test
  void everyWaiterIsNotifiedAndAStopEndsTheWait() {
    Worker a = bench.worker("a").start();
    Worker b = bench.worker("b").start();
    Future<Void> already = a.election.awaitLeadership();
    Future<Void> neverLed = b.election.awaitLoss();
    Future<Void> loss = a.election.awaitLoss();
    Future<Void> turn = b.election.awaitLeadership();
    bench.time.run();
    assertDone(already);
    assertDone(neverLed);
    assertThat(loss.isComplete()).isFalse();
    assertThat(turn.isComplete()).isFalse();
    a.election.close();
    bench.time.run();
    assertDone(loss);
    assertDone(turn);
    Worker c = bench.worker("c").start();
    Future<Void> hopeless = c.election.awaitLeadership();
    c.election.close();
    bench.time.run();
    assertThat(ErrorCode.CLOSED.is(hopeless.cause())).isTrue();
  }
}
