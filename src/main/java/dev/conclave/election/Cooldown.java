package dev.conclave.election;

import java.util.OptionalLong;

/** A time during which a worker does not campaign. On the scheduler's thread only. */
final class Cooldown {
  private boolean active;
  private long until;

  /** Begins it, or lets it last longer; never shortens it. */
  void extend(long now, long duration) {
    if (duration > 0 && (!active || now + duration - until > 0)) {
      active = true;
      until = now + duration;
    }
  }

  /** Whether it goes on at this moment; what is over stays over. */
  boolean lasts(long now) {
    active = active && now - until < 0;
    return active;
  }

  /** The moment at which it ends, unless it is found to be over. */
  OptionalLong end() {
    return active ? OptionalLong.of(until) : OptionalLong.empty();
  }
}
