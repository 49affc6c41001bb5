package dev.conclave.model.world;

import dev.conclave.backend.Acquisition;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.model.world.Violation.Kind;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;

/** A store of one lease, with the simplest lease there is, which judges its answers. */
final class JudgedStore extends ForwardingStore {
  private static final long MICRO = 1_000;

  private final World world;
  private final Set<String> released = new LinkedHashSet<>();
  private String holder;
  private long until;
  private long lastFence;

  JudgedStore(World world, SyncBackend store) {
    super(store);
    this.world = world;
  }

  /** When the lease expires, or the other moment if that is earlier or without a lease. */
  long nextExpiry(long other) {
    return until > world.now() ? Math.min(until, other) : other;
  }

  private boolean isHeldBy(String token) {
    return until > world.now() && token.equals(holder);
  }

  private long end(Duration duration) {
    return world.now() / MICRO * MICRO + duration.toNanos();
  }

  @Override
  public Future<Acquisition> acquire(LeaseRequest request) {
    Future<Acquisition> answer = store.acquire(request);
    if (answer.result() instanceof Acquisition.Granted granted) {
      String token = request.token();
      long fence = granted.fencingToken();
      if (!isHeldBy(token)) {
        if (until > world.now()) {
          world.violated(Kind.TWO_HOLDERS, "the store granted a lease that is held");
        }
        if (fence <= lastFence) {
          world.violated(
              Kind.FENCE_NOT_GREATER, "the store granted " + fence + " after " + lastFence);
        }
      } else if (fence != lastFence) {
        world.violated(Kind.FENCE_NOT_GREATER, "one holding has two fencing tokens");
      }
      lastFence = fence;
      holder = token;
      until = end(request.duration());
      released.remove(token);
    }
    return answer;
  }

  @Override
  public Future<Boolean> extend(LeaseKey key, String token, Duration duration) {
    Future<Boolean> answer = store.extend(key, token, duration);
    if (Boolean.TRUE.equals(answer.result())) {
      if (released.contains(token)) {
        world.violated(Kind.RENEWED_AFTER_RELEASE, "the store extended a lease after its release");
      } else if (!isHeldBy(token)) {
        world.violated(Kind.EXTEND_ACQUIRED, "the store extended a lease that had ended");
      }
      holder = token;
      until = end(duration);
    }
    return answer;
  }

  @Override
  public Future<Boolean> release(LeaseKey key, String token) {
    Future<Boolean> answer = store.release(key, token);
    released.add(token);
    if (Boolean.TRUE.equals(answer.result())) {
      if (!isHeldBy(token)) {
        world.violated(
            Kind.RELEASED_FOR_A_STRANGER, "the store ended a lease that the token did not hold");
      }
      until = world.now();
    }
    return answer;
  }
}
