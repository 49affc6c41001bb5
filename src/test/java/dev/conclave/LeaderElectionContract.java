package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeadershipEvent;
import dev.conclave.testing.CapturedLog;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Several verticles compete on one real store. A subclass names the backend; every worker has a
 * Vert.x of its own where the store can be shared between two.
 */
abstract class LeaderElectionContract {
  private static final int WORKERS = 4;
  private static final long LEASE = 3_000;

  private final CapturedLog log = CapturedLog.of(LeaderElection.class);
  private final String election = "real-" + UUID.randomUUID();
  private final List<Vertx> instances = new ArrayList<>();
  private final List<Worker> workers = new ArrayList<>();

  /** The history of the leadership as its leaders reported it, in order. */
  private final List<LeadershipEvent> history = new CopyOnWriteArrayList<>();

  /** The backend's configuration. */
  abstract JsonObject backend();

  /** Whether another Vert.x instance sees the same store. */
  boolean sharesStore() {
    return true;
  }

  @AfterEach
  void close() {
    instances.forEach(vertx -> get(vertx.close()));
    log.close();
  }

  private record Worker(Vertx vertx, LeaderElectionVerticle verticle, String id) {
    boolean leads() {
      return verticle.election().isLeader();
    }
  }

  private Vertx vertx() {
    if (instances.isEmpty() || sharesStore()) {
      instances.add(Vertx.vertx());
    }
    return instances.get(instances.size() - 1);
  }

  private LeaderElectionOptions options(String name) {
    return new LeaderElectionOptions(election)
        .setWorker(name)
        .setLeaseDuration(LEASE)
        .setRenewDeadline(2_000)
        .setRetryInterval(400)
        .setBackendTimeout(1_500);
  }

  private Worker deploy(String name) {
    Vertx vertx = vertx();
    LeaderElectionVerticle verticle =
        new LeaderElectionVerticle() {
          @Override
          protected void prepare(LeaderElection prepared) {
            prepared.onChange(
                event -> {
                  if (event.isLeading() || event.getReason().isEnd()) {
                    history.add(event);
                  }
                });
          }
        };
    JsonObject config = options(name).toJson().put("backend", backend());
    String id = get(vertx.deployVerticle(verticle, new DeploymentOptions().setConfig(config)));
    Worker worker = new Worker(vertx, verticle, id);
    workers.add(worker);
    return worker;
  }

  private void deployAll() {
    for (int i = 0; i < WORKERS; i++) {
      deploy("w" + i);
    }
  }

  private Worker leader() {
    eventually("a worker leads", () -> workers.stream().anyMatch(Worker::leads));
    List<Worker> leaders = workers.stream().filter(Worker::leads).toList();
    assertThat(leaders).hasSize(1);
    return leaders.get(0);
  }

  /** The leadership of this number was given up: it did not have to expire. */
  private void assertReleased(long fence) {
    Optional<Lease> holder = get(look(lease -> lease.find(LeaseKey.leader(election))));
    assertThat(holder.map(Lease::fencingToken)).isNotEqualTo(Optional.of(fence));
  }

  private void assertHistoryInOrder() {
    for (int i = 0; i < history.size(); i++) {
      assertThat(history.get(i).isLeading()).as("%s", history).isEqualTo(i % 2 == 0);
      if (i > 0 && i % 2 == 0) {
        assertThat(history.get(i).getFencingToken())
            .isGreaterThan(history.get(i - 1).getFencingToken());
      }
    }
  }

  @Test
  void everyWorkerLeadsInTurnAsTheLeadersAreUndeployed() {
    deployAll();
    for (int i = 0; i < WORKERS; i++) {
      Worker leader = leader();
      long fence = leader.verticle().election().fencingToken().orElseThrow();
      get(leader.vertx().undeploy(leader.id()));
      assertThat(leader.leads()).isFalse();
      workers.remove(leader);
      assertReleased(fence);
    }
    assertThat(history).hasSize(2 * WORKERS);
    assertHistoryInOrder();
  }

  @Test
  void everybodyLearnsWhoLeads() {
    deployAll();
    String name = leader().verticle().election().worker();
    eventually(
        "all agree",
        () -> workers.stream().allMatch(w -> name.equals(w.verticle().election().leader())));
  }

  @Test
  void closingVertxHandsOver() {
    deployAll();
    Worker first = leader();
    long before = first.verticle().election().fencingToken().orElseThrow();
    if (!sharesStore()) {
      get(first.vertx().close());
      assertThat(history).hasSizeGreaterThanOrEqualTo(2);
      return; // all workers were on it
    }
    get(first.vertx().close());
    instances.remove(first.vertx());
    workers.remove(first);
    assertReleased(before);
    Worker next = leader();
    assertThat(next.verticle().election().fencingToken().orElseThrow()).isGreaterThan(before);
    assertHistoryInOrder();
  }

  @Test
  void resigningHandsOverAndComesBackAfterTheCooldown() {
    Worker a = deploy("a");
    get(a.verticle().election().awaitLeadership());
    Worker b = deploy("b");
    eventually("b follows", () -> "a".equals(b.verticle().election().leader()));
    get(a.verticle().election().resign(Duration.ofMillis(500)));
    get(b.verticle().election().awaitLeadership());
    get(b.vertx().undeploy(b.id()));
    get(a.verticle().election().awaitLeadership());
    assertHistoryInOrder();
  }

  /** What a kill leaves behind: a lease that is neither renewed nor released. */
  @Test
  void aLeaderThatVanishesIsReplacedOnceItsLeaseHasExpired() {
    Vertx vertx = vertx();
    SyncBackend cut = get(Backends.connect(vertx, backend()));
    LeaderElection vanishing = LeaderElection.create(vertx, cut, options("vanishing"));
    get(vanishing.start());
    get(vanishing.awaitLeadership());
    long before = vanishing.fencingToken().orElseThrow();
    Worker b = deploy("b");
    eventually("b follows", () -> "vanishing".equals(b.verticle().election().leader()));
    get(cut.close());
    Optional<?> left = get(look(lease -> lease.find(LeaseKey.leader(election))));
    assertThat(left).as("the lease lives on").isPresent();
    assertThat(b.leads()).isFalse();
    get(b.verticle().election().awaitLeadership());
    assertThat(vanishing.isLeader()).isFalse();
    assertThat(b.verticle().election().fencingToken().orElseThrow()).isGreaterThan(before);
    get(vanishing.close());
  }

  @Test
  void aRevokedLeaderLoses() {
    Worker a = deploy("a");
    get(a.verticle().election().awaitLeadership());
    Future<Void> loss = a.verticle().election().awaitLoss();
    boolean revoked = get(look(lease -> lease.revoke(LeaseKey.leader(election))));
    assertThat(revoked).isTrue();
    get(loss);
    get(a.verticle().election().awaitLeadership());
    assertThat(history.get(1).getReason().wireName()).isEqualTo("lost");
    assertHistoryInOrder();
  }

  @Test
  void twoWorkersOfOneNameNeverBothLead() {
    Worker a = deploy("same");
    Worker b = deploy("same");
    Worker leader = leader();
    Worker other = leader == a ? b : a;
    for (int i = 0; i < 3; i++) {
      eventually(
          "a renewal",
          () -> leader.verticle().election().isLeaderConfirmedWithin(Duration.ofMillis(300)));
      assertThat(other.leads()).isFalse();
    }
    get(leader.vertx().undeploy(leader.id()));
    get(other.verticle().election().awaitLeadership());
    assertHistoryInOrder();
  }

  private <T> Future<T> look(Function<SyncBackend, Future<T>> question) {
    Vertx vertx = instances.get(instances.size() - 1);
    return Backends.connect(vertx, backend())
        .compose(open -> question.apply(open).eventually(open::close));
  }
}
