package dev.conclave.backend.support;

import io.vertx.core.Future;
import java.util.List;

/**
 * What a backend does with a batch.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
public interface Transport<Q, A> {
  /**
   * Sends the requests in one go. The future holds one completed future per request, in order; it
   * fails when nothing is known of any of them.
   */
  Future<List<Future<A>>> send(List<Q> batch);

  /** A batch got no answer in time: the connection it went over is not to be trusted. */
  default void stalled() {}
}
