package dev.conclave.backend.support;

import io.vertx.core.Future;
import java.util.List;

/**
 * Sends the batches of a backend.
 *
 * @param <Q> the type of a request
 * @param <A> the type of its result
 */
public interface Transport<Q, A> {
  /**
   * Sends the requests in one go. The future holds one completed future per request, in order; it
   * fails when no outcome is known.
   */
  Future<List<Future<A>>> send(List<Q> batch);

  /** A batch got no answer in time: its connection cannot be trusted any more. */
  default void stalled() {}
}
