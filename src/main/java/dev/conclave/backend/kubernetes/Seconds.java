package dev.conclave.backend.kubernetes;

import java.time.Duration;

/** Durations in the whole seconds that Kubernetes' records have. */
final class Seconds {
  private Seconds() {}

  /** Rounded up: another elector never takes a lease for dead before we do. */
  static int ceiling(Duration duration) {
    return (int) ((duration.toMillis() + 999) / 1000);
  }
}
