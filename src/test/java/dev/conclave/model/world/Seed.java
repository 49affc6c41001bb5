package dev.conclave.model.world;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.memory.MemoryBackend;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.time.Duration;

/** A bug that the search has to find, or none. */
public enum Seed {
  NONE,
  /** Extending an expired lease that no other has taken since acquires it. */
  EXTEND_ACQUIRES,
  /** Processes compute a lease from the answer instead of from the request. */
  STAMPED_AT_THE_ANSWER,
  /** Fencing tokens are a counter that a release sets back. */
  FENCE_RESET_AT_RELEASE,
  /** A release ends the lease of any holder. */
  RELEASE_WITHOUT_TOKEN;

  /** A store with this bug. */
  SyncBackend store(Scheduler clock) {
    SyncBackend sound = new MemoryBackend(clock);
    return switch (this) {
      case EXTEND_ACQUIRES -> new ExtendAcquires(sound);
      case FENCE_RESET_AT_RELEASE -> new FenceReset(sound);
      case RELEASE_WITHOUT_TOKEN -> new ReleaseWithoutToken(sound);
      default -> sound;
    };
  }

  /** Whether processes have this bug, for the store to be sound. */
  boolean stampsLate() {
    return this == STAMPED_AT_THE_ANSWER;
  }

  private static final class ExtendAcquires extends ForwardingStore {
    ExtendAcquires(SyncBackend sound) {
      super(sound);
    }

    @Override
    public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
      return store
          .acquire(LeaseRequest.of(key, token, duration, "extender"))
          .map(Acquisition::granted);
    }
  }

  private static final class FenceReset extends ForwardingStore {
    private long holding;
    private long counter;

    FenceReset(SyncBackend sound) {
      super(sound);
    }

    @Override
    public Future<Acquisition> acquire(LeaseRequest request) {
      return store
          .acquire(request)
          .map(
              answer -> {
                if (answer instanceof Acquisition.Granted granted) {
                  if (granted.fencingToken() != holding) {
                    holding = granted.fencingToken();
                    counter++;
                  }
                  return new Acquisition.Granted(counter);
                }
                return answer;
              });
    }

    @Override
    public Future<Boolean> release(LeaseKey key, String token) {
      return store
          .release(key, token)
          .onSuccess(
              held -> {
                if (held) {
                  counter = 0;
                }
              });
    }
  }

  private static final class ReleaseWithoutToken extends ForwardingStore {
    ReleaseWithoutToken(SyncBackend sound) {
      super(sound);
    }

    @Override
    public Future<Boolean> release(LeaseKey key, String token) {
      return store
          .release(key, token)
          .compose(held -> held ? Future.succeededFuture(true) : store.revoke(key));
    }
  }
}
