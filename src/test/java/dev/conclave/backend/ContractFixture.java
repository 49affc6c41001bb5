package dev.conclave.backend;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.Planted;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the parts of the contract suite share: a Vert.x, backends to be closed, and what a backend
 * says of itself.
 */
public abstract class ContractFixture {
  /** Long enough that no test outlives it. */
  protected static final Duration LONG = Duration.ofSeconds(60);

  /** Short enough to wait for. */
  protected static final Duration SHORT = Duration.ofMillis(400);

  private final List<SyncBackend> opened = new ArrayList<>();
  private final List<AutoCloseable> others = new ArrayList<>();

  /** A Vert.x of this test, closed after it. */
  protected Vertx vertx;

  /** A backend that is open and reachable. */
  protected SyncBackend backend;

  /** Opens one more backend on the same store, as another process would. The suite closes it. */
  protected abstract SyncBackend open(Vertx vertx);

  /**
   * Opens a backend whose requests and answers together take this long on the way, by a proxy for
   * instance. As it stands here, on whatever way there is.
   */
  protected SyncBackend openAtDistance(Vertx vertx, Duration roundTrip) {
    return open(vertx);
  }

  /**
   * Whether another {@link #open} sees what this backend wrote. Only a backend that lives in one
   * process says no.
   */
  protected boolean sharesStore() {
    return true;
  }

  /** Whether a release offers the lease to the first in line. */
  protected boolean handsOver() {
    return true;
  }

  /** Whether watches are ever notified; false for a backend configured without notifications. */
  protected boolean hints() {
    return true;
  }

  /**
   * Whether {@link SyncBackend#register} shows registers and the store's clock. A backend that
   * knows no time of its store says no.
   */
  protected boolean tellsTime() {
    return true;
  }

  /**
   * Adds this to every time in the key's record, the fencing token among them where it is one, as
   * if the store's clock had been set back since.
   *
   * @return false where the test has no way to do that; then the run says what was not tried
   */
  protected boolean moveIntoTheFuture(LeaseKey key, Duration by) {
    return false;
  }

  /** Opens Vert.x and the backend. */
  @BeforeEach
  void openBackend() {
    vertx = Vertx.vertx();
    backend = another();
    get(backend.ping());
  }

  /** Closes every backend and Vert.x. */
  @AfterEach
  void closeBackends() {
    opened.forEach(b -> get(b.close()));
    get(vertx.close());
    for (AutoCloseable other : others) {
      try {
        other.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** What the test needs in addition to backends, such as a proxy; closed after them. */
  protected final <T extends AutoCloseable> T closing(T other) {
    others.add(other);
    return other;
  }

  /** One more backend on the same store; the same one where a store cannot be shared. */
  protected final SyncBackend another() {
    if (!opened.isEmpty() && !sharesStore()) {
      return backend;
    }
    return closedAfterwards(open(vertx));
  }

  /** The same backend, which the suite closes after the test. */
  protected final SyncBackend closedAfterwards(SyncBackend next) {
    opened.add(next);
    return next;
  }

  /** A key that no other test uses. */
  protected static LeaseKey key() {
    return LeaseKey.lock("contract-" + UUID.randomUUID());
  }

  /** A token that no other caller has. */
  protected static String token() {
    return Planted.secret();
  }

  protected final Acquisition tryAcquire(LeaseKey key, String token, Duration duration) {
    return get(backend.acquire(LeaseRequest.of(key, token, duration, "owner")));
  }

  protected final long acquire(LeaseKey key, String token, Duration duration) {
    Acquisition answer = tryAcquire(key, token, duration);
    assertThat(answer).isInstanceOf(Acquisition.Granted.class);
    return ((Acquisition.Granted) answer).fencingToken();
  }

  /** Asks until it is granted, which must not be before the lease before it has run out. */
  protected final long acquireAfterExpiry(LeaseKey key, String token) {
    eventually("the lease expires", () -> tryAcquire(key, token, LONG).granted());
    return acquire(key, token, LONG);
  }
}
