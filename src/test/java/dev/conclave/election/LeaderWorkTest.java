package dev.conclave.election;

import static dev.conclave.election.ElectionFixture.assertDone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Watch;
import dev.conclave.election.ElectionFixture.Worker;
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

/** Work that runs on the leader only, on simulated time. */
class LeaderWorkTest {
  private final CapturedLog log = CapturedLog.of(LeaderElection.class);
  private final ElectionFixture fixture = new ElectionFixture();

  @AfterEach
  void listen() {
    log.close();
  }

  private Worker withVerticle(String name) {
    return fixture.worker(name, o -> o.setDeploy(List.of(new LeaderDeployment("leader-only"))));
  }

  // ---- actions at the beginning and the end of a leadership

  @Test
  void actionsRunOnceAndThoseThatAreTakenBackLeaveNothing() {
    Worker a = fixture.worker("a", o -> {}).start();
    List<String> ran = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      a.election.onLoss(() -> ran.add("taken back")).close();
    }
    a.election.onLoss(() -> ran.add("lost"));
    a.election.onLeadership(() -> ran.add("leads"));
    fixture.time.run();
    assertThat(ran).containsExactly("leads");
    assertThat(a.election.waiting()).isEqualTo(1);
    Watch late = a.election.onLoss(() -> ran.add("taken back"));
    fixture.time.run();
    late.close();
    a.election.close();
    fixture.time.run();
    a.election.onLoss(() -> ran.add("over"));
    a.election.onLeadership(() -> ran.add("never")).close();
    fixture.time.run();
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
    fixture.time.run();
    assertThat(a.deployed.get(0).gone).isTrue();
    assertThat(b.deployed).hasSize(1);
  }

  @Test
  void itIsUndeployedAtOnceWhenLeadershipIsLost() {
    Worker a = withVerticle("a").start();
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(10);
    assertThat(a.deployed.get(0).undeploying).isTrue();
  }

  @Test
  void itHasStoppedBeforeALeaderThatStepsDownReleases() {
    Worker a = withVerticle("a").start();
    Worker b = withVerticle("b").start();
    Promise<Void> gone = ElectionFixture.promise();
    a.nextUndeployment = gone.future();
    Future<Void> stopped = a.election.close();
    fixture.seconds(9);
    assertThat(a.leads()).as("still leading, still renewed").isTrue();
    assertThat(a.backend.count(Call.EXTEND)).isGreaterThanOrEqualTo(4);
    assertThat(a.backend.count(Call.RELEASE)).isZero();
    gone.complete();
    fixture.time.run();
    assertDone(stopped);
    assertThat(a.reasons()).containsExactly("elected", "stopped");
    assertThat(b.leads()).isTrue();
  }

  @Test
  void itsStoppingIsBoundedInTime() {
    Worker a = withVerticle("a").start();
    Worker b = withVerticle("b").start();
    a.nextUndeployment = ElectionFixture.promise().future();
    Future<Void> stopped = a.election.close();
    fixture.seconds(9.99);
    assertThat(a.leads()).isTrue();
    fixture.seconds(0.02);
    assertDone(stopped);
    assertThat(b.leads()).isTrue();
    assertThat(log.messages()).anyMatch(line -> line.contains("its work has not stopped"));
  }

  @Test
  void losingTheLeadershipWhileItStopsIsALossAndNothingElse() {
    Worker a = withVerticle("a").start();
    a.nextUndeployment = ElectionFixture.promise().future();
    Future<Void> resigned = a.election.resign(Duration.ofSeconds(100));
    fixture.seconds(1);
    fixture.store.revoke(ElectionFixture.KEY);
    fixture.seconds(2);
    assertDone(resigned);
    fixture.seconds(30);
    assertThat(a.reasons()).containsExactly("elected", "lost");
    assertThat(a.election.leader()).as("in its cooldown").isNull();
  }

  @Test
  void aSecondInstanceWaitsForTheFirstToBeGone() {
    Worker a = withVerticle("a").start();
    Promise<Void> gone = ElectionFixture.promise();
    a.nextUndeployment = gone.future();
    fixture.store.revoke(ElectionFixture.KEY);
    fixture.seconds(1);
    assertThat(a.reasons()).containsExactly("elected", "lost", "elected");
    assertThat(a.deployed).hasSize(1);
    gone.complete();
    assertThat(a.deployed).hasSize(2);
  }

  @Test
  void aLeaderWhoseFormerInstanceHangsResignsSoThatAnotherMayTry() {
    Worker a = withVerticle("a").start();
    a.nextUndeployment = ElectionFixture.promise().future();
    fixture.store.revoke(ElectionFixture.KEY);
    fixture.seconds(1);
    Worker b = withVerticle("b").start();
    fixture.seconds(20);
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
    fixture.time.run();
    assertThat(a.reasons()).startsWith("elected", "resigned");
    assertThat(log.messages())
        .anyMatch(line -> line.contains("'leader-only' cannot be deployed: no such verticle"));
    assertThat(b.leads()).isTrue();
    fixture.seconds(0.5);
    assertThat(a.reasons()).containsExactly("elected", "resigned", "observed");
    b.election.close();
    fixture.seconds(14.4);
    assertThat(a.reasons().stream().filter("elected"::equals)).hasSize(1);
    fixture.seconds(0.2);
    assertThat(a.reasons().stream().filter("elected"::equals)).hasSize(2);
  }

  @Test
  void aDeploymentThatCompletesAfterTheLossIsUndeployed() {
    Worker a = withVerticle("a");
    Promise<Void> slow = ElectionFixture.promise();
    a.nextDeployment = slow.future();
    a.start();
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(11);
    assertThat(a.leads()).isFalse();
    slow.complete();
    fixture.time.run();
    assertThat(a.deployed.get(0).gone).isTrue();
  }

  @Test
  void aVerticleThatIsAddedToALeaderRunsAtOnce() {
    Worker a = fixture.worker("a").start();
    a.election.deployWhileLeading(() -> new VerticleBase() {}, new DeploymentOptions());
    fixture.time.run();
    assertThat(a.deployed).hasSize(1);
  }

  // ---- lead, awaitLeadership, awaitLoss

  @Test
  void aBodyRunsOnceItsWorkerLeads() {
    fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    List<String> ran = new ArrayList<>();
    Future<String> led =
        b.election.lead(
            () -> {
              ran.add("b");
              return Future.succeededFuture("done");
            });
    fixture.seconds(10);
    assertThat(ran).isEmpty();
    fixture.workers.get(0).election.close();
    fixture.time.run();
    assertThat(led.result()).isEqualTo("done");
    fixture.seconds(60);
    assertThat(ran).containsExactly("b");
  }

  @Test
  void aBodyThatThrowsAnErrorOrHasNoFutureEndsAtOnce() {
    StackOverflowError thrown = new StackOverflowError("of a test");
    Worker a = fixture.worker("a").start();
    Future<Void> error =
        a.election.lead(
            () -> {
              throw thrown;
            });
    Future<Void> none = a.election.lead(() -> null);
    fixture.time.run();
    assertThat(error.cause()).isSameAs(thrown);
    assertThat(none.failed()).isTrue();
    Future<Void> resigned = a.election.resign(Duration.ZERO);
    fixture.time.run();
    assertThat(resigned.isComplete()).as("it waits for no body").isTrue();
  }

  @Test
  void aBodyFailsWithItsOwnFailure() {
    Worker a = fixture.worker("a").start();
    Future<Void> failed = a.election.lead(() -> Future.failedFuture("no"));
    Future<Void> thrown =
        a.election.lead(
            () -> {
              throw new IllegalStateException("never");
            });
    fixture.time.run();
    assertThat(failed.cause()).hasMessage("no");
    assertThat(thrown.cause()).hasMessage("never");
    assertThat(a.leads()).isTrue();
  }

  @Test
  void aBodyEndsWithTheLeadership() {
    Worker a = fixture.worker("a").start();
    Future<Void> led = a.election.lead(() -> ElectionFixture.promise().future());
    a.backend.onAll(Fault.FAILS);
    fixture.seconds(11);
    assertThat(ErrorCode.LOST.is(led.cause())).isTrue();
    assertThat(led.cause()).hasMessageContaining("orders");
  }

  @Test
  void aLeaderThatStepsDownLetsBodiesEndFirst() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    Promise<Void> work = ElectionFixture.promise();
    Future<Void> led = a.election.lead(work::future);
    Future<Void> stepDown = a.election.awaitStepDown();
    Future<Void> loss = a.election.awaitLoss();
    fixture.time.run();
    a.election.resign(Duration.ofSeconds(10));
    fixture.seconds(5);
    assertDone(stepDown);
    assertThat(loss.isComplete()).isFalse();
    assertThat(a.leads()).isTrue();
    work.complete();
    fixture.time.run();
    assertDone(led);
    assertDone(loss);
    assertThat(a.leads()).isFalse();
    assertThat(b.leads()).isTrue();
  }

  @Test
  void noBodyBeginsWhileTheLeaderStepsDown() {
    Worker a = fixture.worker("a").start();
    a.election.lead(() -> ElectionFixture.promise().future());
    fixture.time.run();
    a.election.close();
    fixture.time.run();
    List<String> ran = new ArrayList<>();
    Future<Void> late =
        a.election.lead(
            () -> {
              ran.add("late");
              return Future.succeededFuture();
            });
    fixture.seconds(30);
    assertThat(ran).isEmpty();
    assertThat(ErrorCode.CLOSED.is(late.cause())).isTrue();
  }

  @Test
  void everyWaiterIsNotifiedAndAStopEndsTheWait() {
    Worker a = fixture.worker("a").start();
    Worker b = fixture.worker("b").start();
    Future<Void> already = a.election.awaitLeadership();
    Future<Void> neverLed = b.election.awaitLoss();
    Future<Void> loss = a.election.awaitLoss();
    Future<Void> turn = b.election.awaitLeadership();
    fixture.time.run();
    assertDone(already);
    assertDone(neverLed);
    assertThat(loss.isComplete()).isFalse();
    assertThat(turn.isComplete()).isFalse();
    a.election.close();
    fixture.time.run();
    assertDone(loss);
    assertDone(turn);
    Worker c = fixture.worker("c").start();
    Future<Void> hopeless = c.election.awaitLeadership();
    c.election.close();
    fixture.time.run();
    assertThat(ErrorCode.CLOSED.is(hopeless.cause())).isTrue();
  }
}
