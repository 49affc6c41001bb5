package dev.conclave.election;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.election.work.LeaderVerticle;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Workers of one election on one store, on simulated time. Lease 15 s, deadline 10 s. */
class ElectionFixture {
  static final LeaseKey KEY = LeaseKey.leader("orders");

  final ManualScheduler time = new ManualScheduler();
  final MemoryBackend store = new MemoryBackend(time);
  final List<Worker> workers = new ArrayList<>();

  Worker worker(String name) {
    return worker(name, options -> {});
  }

  Worker worker(String name, Consumer<LeaderElectionOptions> change) {
    LeaderElectionOptions options =
        new LeaderElectionOptions("orders").setWorker(name).setJitter(0);
    change.accept(options);
    Worker worker = new Worker(this, options);
    workers.add(worker);
    return worker;
  }

  void seconds(double seconds) {
    time.advance(Duration.ofMillis(Math.round(seconds * 1000)));
  }

  /** Another client takes the lease. */
  long foreign(Duration duration) {
    Future<Acquisition> answer =
        store.acquire(LeaseRequest.of(KEY, "foreign", duration, "foreigner"));
    return ((Acquisition.Granted) answer.result()).fencingToken();
  }

  static void assertDone(Future<?> future) {
    assertThat(future.succeeded()).as("%s", future).isTrue();
  }

  /** One worker, everything it publishes, and a check that starts and ends alternate. */
  static final class Worker implements ElectionHost {
    final ElectionFixture fixture;
    final ScriptedBackend backend;
    final Elector election;
    final List<LeadershipEvent> bus = new ArrayList<>();
    final List<String> received = new ArrayList<>();
    final List<Running> deployed = new ArrayList<>();
    Future<Void> nextDeployment = Future.succeededFuture();
    Future<Void> nextUndeployment = Future.succeededFuture();
    private long lastElected;
    private boolean leading;

    Worker(ElectionFixture fixture, LeaderElectionOptions options) {
      this.fixture = fixture;
      this.backend = new ScriptedBackend(fixture.store);
      this.election = new Elector(fixture.time, backend, options, this, () -> 0);
      election.onChange(event -> received.add("handler " + event.getReason().wireName()));
    }

    /** Receives no hints: it polls at the retry interval only. */
    Worker deaf() {
      backend.deaf();
      return this;
    }

    Worker start() {
      Future<Void> started = election.start();
      fixture.time.run();
      assertDone(started);
      return this;
    }

    List<String> reasons() {
      return bus.stream().map(event -> event.getReason().wireName()).toList();
    }

    LeadershipEvent last() {
      return bus.get(bus.size() - 1);
    }

    boolean leads() {
      return election.isLeader();
    }

    @Override
    public void publish(LeadershipEvent event) {
      received.add("bus " + event.getReason().wireName());
      bus.add(event);
      LeadershipReason reason = event.getReason();
      if (reason == LeadershipReason.ELECTED) {
        assertThat(leading).as("elected twice without an end").isFalse();
        assertThat(event.getFencingToken()).isGreaterThan(lastElected);
        lastElected = event.getFencingToken();
        leading = true;
      } else if (reason.isEnd()) {
        assertThat(leading).as("an end without a beginning").isTrue();
        assertThat(election.isLeader()).as("state comes before events").isFalse();
        assertThat(event.getFencingToken()).isEqualTo(lastElected);
        leading = false;
      } else {
        assertThat(leading).as("observed while leading").isFalse();
      }
      assertThat(event.isLeading()).isEqualTo(leading);
    }

    @Override
    public Future<Void> open(LeaderElection any) {
      return Future.succeededFuture();
    }

    @Override
    public Future<Void> close() {
      return Future.succeededFuture();
    }

    @Override
    public Future<LeaderVerticle.Deployed> deploy(LeaderVerticle.Child child) {
      Running running = new Running(this);
      return nextDeployment.map(
          done -> {
            deployed.add(running);
            return running;
          });
    }
  }

  /** A deployed leader-only verticle. */
  static final class Running implements LeaderVerticle.Deployed {
    private final Worker worker;
    boolean undeploying;
    boolean gone;

    Running(Worker worker) {
      this.worker = worker;
    }

    @Override
    public Future<Void> undeploy() {
      undeploying = true;
      return worker.nextUndeployment.onComplete(any -> gone = true);
    }
  }

  static Promise<Void> promise() {
    return Promise.promise();
  }
}
