package dev.conclave.chaos.store;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.History;
import dev.conclave.chaos.verdict.LeaseModel;
import dev.conclave.chaos.verdict.LeaseOperation;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.chaos.verdict.SequentialLease;
import dev.conclave.chaos.worker.FencedTable;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A store that a campaign torments. */
public interface ChaosStore extends AutoCloseable {
  /** Stores drop the records of idle keys so soon, in milliseconds, that campaigns meet it. */
  int IDLE = 10_000;

  String name();

  /** What this worker connects with: through proxies. */
  JsonObject backend(int worker);

  /** The ways there, always in the same order, so that a seed means the same ones. */
  List<FaultProxy> proxies();

  /**
   * A value that changes when a store that {@link #forgetsWhenCut} has forgotten. Empty for other
   * stores, which forget on {@link Fault#forgets} alone.
   */
  default Optional<String> epoch() {
    return Optional.empty();
  }

  /** Whether this store can forget without a command, such as by a fault of the network. */
  default boolean forgetsWhenCut() {
    return false;
  }

  /** Returns when all is well again after a fault of the network. */
  default void settle() {}

  /** Its faults in addition to the network's. */
  List<Fault> faults();

  /** Where {@link FencedTable}s are, or null. */
  default String table() {
    return null;
  }

  /** Logs what {@link FencedTable}s accepted and returned. */
  default void writes(EventLog log) {}

  /**
   * How long after the end of a lease a request may be refused because its key is held: by a client
   * that has not noticed yet.
   */
  default Duration refusedLate() {
    return Duration.ofNanos(Limits.LATE);
  }

  /**
   * What a lease on this store is like.
   *
   * @param all everything that was asked of its key
   * @param faults what the campaign's faults were
   */
  default SequentialLease lease(List<LeaseOperation> all, List<History.Span> faults) {
    return new LeaseModel(all, Limits.LATE, Limits.OFFER, List.of());
  }

  @Override
  void close();
}
