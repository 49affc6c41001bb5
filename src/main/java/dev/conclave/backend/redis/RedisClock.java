package dev.conclave.backend.redis;

import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;

/**
 * What the clock of the server at the other end of a connection shows at most.
 *
 * <p>A server that hangs, or a network that holds data back, carries out a request long after its
 * client has given it up, and closing the connection does not take it back. So a request says by
 * the server's clock until when it may be carried out.
 *
 * <ol>
 *   <li>The server read its clock after it was asked to. So at the moment of asking the clock
 *       showed what it answered, or less; since then it has advanced by the time that passed here,
 *       and 1 % at most for drift. A deadline computed from that is never too early.
 *   <li>It is too late by the time that the reading took, and by the drift.
 *   <li>Without a reading there is no deadline. A clock that was set forward, or another server
 *       behind the same address, makes deadlines too early: the request is then refused without any
 *       effect, the reading is forgotten, and the transport sends the request again.
 * </ol>
 *
 * <p>To be used on the scheduler's thread only.
 */
final class RedisClock {
  /** Later than any time. */
  static final String NEVER = "9999999999999999";

  private long askedAt;
  private long micros;

  /** Another server, or the same one with another time. */
  void forget() {
    micros = 0;
  }

  /** The answer to a TIME that was sent at that moment. What is no time is ignored. */
  void shows(Response time, long askedAt) {
    if (time == null || time.type() != ResponseType.MULTI || time.size() != 2) {
      return;
    }
    try {
      micros = time.get(0).toLong() * 1_000_000 + time.get(1).toLong();
      this.askedAt = askedAt;
    } catch (RuntimeException noNumber) {
      forget();
    }
  }

  /** What it shows at most, so long after a moment here; 16 digits, which compare as strings. */
  String at(long moment, Duration later) {
    if (micros <= 0) {
      return NEVER;
    }
    long passed = (moment - askedAt + later.toNanos()) / 1000;
    return Long.toString(micros + passed + passed / 100);
  }
}
