package dev.conclave;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static dev.conclave.testing.Async.pause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockHandle;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Callers that have no context, and services whose verticle is gone. */
@ExtendWith(VertxExtension.class)
class PlainThreadTest {
  private static final int LEASE = 1_500;
  private static final Duration LONG = Duration.ofMillis(2_500);

  private Vertx vertx;
  private SyncBackend backend;

  @BeforeEach
  void open(Vertx injected) {
    vertx = injected;
    backend = get(Backends.connect(vertx, new JsonObject().put("type", "memory")));
  }

  @AfterEach
  void close() {
    get(backend.close());
  }

  private LockManager service() {
    return LockManager.create(vertx, backend, new LockServiceOptions());
  }

  private static LockOptions options() {
    return new LockOptions().setLeaseDuration(LEASE).setRenew(true);
  }

  private static <T> Future<T> blocks(T result) {
    pause(LONG);
    return Future.succeededFuture(result);
  }

  @Test
  void aLockIsHeldWhileTheThreadAndTheBodyBlock() {
    LockManager service = service();
    LockHandle handle = get(DistributedLock.create(vertx, service, "door", options()).acquire());
    Future<Boolean> valid =
        DistributedLock.create(vertx, service, "gate", options())
            .withLock(held -> blocks(null).map(ended -> held.isValid()));
    pause(LONG);
    assertThat(handle.isValid()).as("while the thread blocks").isTrue();
    assertThat(get(valid)).as("while the body blocks").isTrue();
    get(handle.release());
    get(service.close());
  }

  @Test
  void aLeadershipLastsWhileTheBodyBlocks() {
    LeaderElection election =
        LeaderElection.create(
            vertx,
            backend,
            new LeaderElectionOptions().setElection("orders").setLeaseDuration(LEASE));
    get(election.start());
    long fence = get(election.lead(() -> blocks(election.fencingToken().orElseThrow())));
    assertThat(election.fencingToken()).hasValue(fence);
    get(election.close());
  }

  /** Makes a service in a verticle that is gone when it is used. */
  private LockManager serviceOfAVerticleThatIsGone(Promise<LockHandle> held) {
    Promise<LockManager> made = Promise.promise();
    String id =
        get(
            vertx.deployVerticle(
                new VerticleBase() {
                  @Override
                  public Future<?> start() {
                    made.complete(service());
                    return DistributedLock.create(vertx, made.future().result(), "door", options())
                        .acquire()
                        .onComplete(held);
                  }
                }));
    get(vertx.undeploy(id));
    return get(made.future());
  }

  @Test
  void aServiceOutlivesTheVerticleThatItWasMadeIn() {
    Promise<LockHandle> held = Promise.promise();
    LockManager service = serviceOfAVerticleThatIsGone(held);
    LockHandle handle = get(held.future());
    Future<?> waits = service.acquire(new LockRequest().setName("door").setWaitTimeout(500));
    pause(LONG);
    eventually("the end of a wait of half a second", waits::isComplete);
    assertThat(waits.cause()).matches(ErrorCode.TIMEOUT::is);
    assertThat(handle.isValid()).as("renewed though its verticle is gone").isTrue();
    get(handle.release());
    get(service.close());
  }
}
