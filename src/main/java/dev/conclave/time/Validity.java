package dev.conclave.time;

/**
 * How long a lease may be counted on by this process's monotonic clock.
 *
 * <p>The server's time for the lease begins when it handles the request, which is never before the
 * request was sent. So what was stamped <em>before sending</em> plus the duration is safe, less a
 * margin for two clocks that do not run equally fast: 1 % of the duration and 2 ms. Where another
 * process sent the request on behalf of this one, see {@link #stamp}.
 */
public final class Validity {
  private static final long FIXED_MARGIN = 2_000_000;

  private Validity() {}

  /**
   * The moment from which the lease must not be counted on.
   *
   * @param sentAt the monotonic clock's reading, in nanoseconds, before the request was sent
   * @param duration the lease's duration in nanoseconds
   */
  public static long until(long sentAt, long duration) {
    return sentAt + duration - duration / 100 - FIXED_MARGIN;
  }

  /**
   * A stamp of this process's clock that is not later than a request's sending by another process,
   * which sent it so long after it had received a message from here. Two clocks, each at most 1 %
   * from the server's, differ by up to 2 %.
   *
   * @param sentAt the monotonic clock's reading here before the message was sent
   * @param waited how long the other process waited by its own clock, in nanoseconds
   */
  public static long stamp(long sentAt, long waited) {
    return sentAt + waited - waited / 50;
  }

  /**
   * The shortest duration, in whole milliseconds, that can be counted on for this long.
   *
   * @param wanted in nanoseconds
   * @return in nanoseconds
   */
  public static long needed(long wanted) {
    long millis = (Math.max(0, wanted) + FIXED_MARGIN) / 990_000 + 1;
    return millis * 1_000_000;
  }
}
