package dev.conclave.election;

import dev.conclave.error.ErrorCode;
import io.vertx.codegen.annotations.GenIgnore;
import io.vertx.codegen.annotations.ProxyGen;
import io.vertx.core.Future;
import io.vertx.core.Vertx;

/**
 * A {@link LeaderElection} for operators, in this process or over the event bus.
 *
 * <p>Every worker serves two addresses, cluster-wide with {@link
 * LeaderElectionOptions#setClusteredService}, else within its Vert.x instance:
 *
 * <ul>
 *   <li>{@code conclave.election.<election>} is shared by all workers of the election; the bus
 *       chooses one of them. That worker reports who leads, and forwards {@code resign} to the
 *       leader.
 *   <li>{@code conclave.election.<election>.<worker>} is one worker's own. Workers that carry the
 *       same label share it.
 * </ul>
 *
 * <p>Failures carry an {@link ErrorCode}: {@link ErrorCode#BACKEND_UNAVAILABLE} when no worker
 * serves the address or answers in time.
 */
@ProxyGen
public interface LeaderElectionService {
  /** How long a proxy waits for an answer, in milliseconds; a step-down can take long. */
  long ANSWER_TIMEOUT = 60_000;

  /** The address that all workers of an election share. */
  @GenIgnore
  static String address(String election) {
    return "conclave.election." + election;
  }

  /** The address of one worker. */
  @GenIgnore
  static String workerAddress(String election, String worker) {
    return address(election) + "." + worker;
  }

  /** A proxy of the worker that the bus chooses. */
  @GenIgnore
  static LeaderElectionService createProxy(Vertx vertx, String election) {
    return proxy(vertx, address(election));
  }

  /** A proxy of one worker. */
  @GenIgnore
  static LeaderElectionService createWorkerProxy(Vertx vertx, String election, String worker) {
    return proxy(vertx, workerAddress(election, worker));
  }

  private static LeaderElectionService proxy(Vertx vertx, String address) {
    return new RemoteElectionService(vertx, address);
  }

  /** The state of the election as the worker that answers knows it. */
  Future<LeaderElectionStatus> status();

  /**
   * Makes the leader step down and keeps it from leading for a while.
   *
   * <p>On the shared address, a worker that does not lead forwards the call to the leader, by its
   * label. On a worker's own address, that worker steps down; if it does not lead, only its
   * cooldown begins.
   *
   * <p>Completes when the leadership is given up. Fails with {@link ErrorCode#NOT_OWNER} when no
   * worker leads or the leader cannot be reached over this event bus, with {@link
   * ErrorCode#INVALID} when the cooldown is negative or longer than a year.
   *
   * @param cooldown in milliseconds, from the end of the leadership
   */
  Future<Void> resign(long cooldown);
}
