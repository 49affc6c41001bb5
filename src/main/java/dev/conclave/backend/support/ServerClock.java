package dev.conclave.backend.support;

import java.time.Duration;

/**
 * An upper bound of the time on a store's clock, for deadlines that the store itself can check.
 *
 * <p>A server that hangs, or a network that holds data back, carries out a request long after its
 * client has given up, and closing the connection does not withdraw it. So a request that could
 * harm others when it is late contains a deadline by the server's clock.
 *
 * <ol>
 *   <li>The server reads its clock after the client has sent the request for the time. So when the
 *       request was sent, that clock showed the returned time or less. Since then it has advanced
 *       by the time that passed here, and by 1 % at most for drift. A deadline computed from that
 *       is never too early.
 *   <li>The deadline may be too late: by the time that the reading took, and by the drift.
 *   <li>Without a reading no deadline is set. A clock that was set forward, or another server
 *       behind the same address, makes deadlines too early: the request is then refused without any
 *       effect, the reading is forgotten, and the request is sent again.
 * </ol>
 *
 * <p>Thread-safe.
 */
public final class ServerClock {
  /** Later than any time of a store: 16 digits, as times of this century have in microseconds. */
  public static final long NEVER = 9_999_999_999_999_999L;

  private record Reading(long micros, long askedAt) {}

  private volatile Reading reading;

  /** No reading yet. */
  public ServerClock() {}

  /** There is another server, or the same one with another time. */
  public void forget() {
    reading = null;
  }

  /**
   * Stores a reading of the server's clock.
   *
   * @param micros microseconds since 1970
   * @param askedAt when the time was requested, on this client's clock (nanoseconds)
   */
  public void shows(long micros, long askedAt) {
    reading = new Reading(micros, askedAt);
  }

  /**
   * The latest time that the server's clock can show {@code later} than a moment of this client's
   * clock; {@link #NEVER} if that is unknown.
   */
  public long at(long moment, Duration later) {
    Reading known = reading;
    if (known == null) {
      return NEVER;
    }
    long passed = (moment - known.askedAt + later.toNanos()) / 1000;
    return known.micros + passed + passed / 100;
  }
}
