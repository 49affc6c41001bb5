package dev.conclave.backend;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Rules about a store whose clock was set back. */
public abstract class StoreClockContract extends LeaseContract {
  @Test
  void aRecordFromTheFutureIsItsHoldersAndFencesGrowBeyondIt() {
    LeaseKey key = key();
    String token = token();
    long written = acquire(key, token, LONG);
    moveOrAbort(key);

    Lease found = get(backend.find(key)).orElseThrow();
    assertThat(found.fencingToken()).isGreaterThanOrEqualTo(written);
    assertThat(found.age())
        .as("age, which is never negative")
        .isGreaterThanOrEqualTo(Duration.ZERO);
    Acquisition refused = tryAcquire(key, token(), LONG);
    assertThat(refused).isInstanceOf(Acquisition.Refused.class);
    assertThat(((Acquisition.Refused) refused).holder().age())
        .isGreaterThanOrEqualTo(Duration.ZERO);
    assertThat(get(backend.owns(key, token))).isTrue();
    assertThat(get(backend.extend(key, token, LONG))).isTrue();
    assertThat(get(backend.find(key)).orElseThrow().remaining())
        .as("what extend has set")
        .isLessThanOrEqualTo(LONG);
    assertThat(get(backend.release(key, token))).isTrue();

    long last = found.fencingToken();
    for (int i = 0; i < 3; i++) {
      String next = token();
      long fence = acquire(key, next, LONG);
      assertThat(fence).isGreaterThan(last);
      last = fence;
      assertThat(get(backend.release(key, next))).isTrue();
    }
  }

  @Test
  void aRecordFromTheFutureCanBeRevokedAndEndsByItself() {
    LeaseKey key = key();
    String token = token();
    acquire(key, token, LONG);
    moveOrAbort(key);
    assertThat(get(backend.revoke(key))).isTrue();
    assertThat(get(backend.owns(key, token))).isFalse();
    long fence = acquire(key, token(), SHORT);
    assertThat(acquireAfterExpiry(key, token())).isGreaterThan(fence);
  }

  private void moveOrAbort(LeaseKey key) {
    if (!moveIntoTheFuture(key, Duration.ofDays(1))) {
      String notTried =
          "not tried: records from the future, for "
              + getClass().getSimpleName()
              + " does not override moveIntoTheFuture()";
      System.out.println(notTried);
      abort(notTried);
    }
  }
}
