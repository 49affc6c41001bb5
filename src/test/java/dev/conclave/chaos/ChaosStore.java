package dev.conclave.chaos;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A store that a campaign torments. */
interface ChaosStore extends AutoCloseable {
  /** Stores drop the records of idle keys so soon, in milliseconds, that campaigns meet it. */
  int IDLE = 10_000;

  String name();

  /** What this worker connects with: through proxies. */
  JsonObject backend(int worker);

  /** The ways there, always in the same order, so that a seed means the same ones. */
  List<FaultProxy> proxies();

  /**
   * What changes when a store {@link #forgetsWhenCut} and has: {@link EpochWatch} looks at it.
   * Empty for others, which forget on {@link Fault#forgets} alone.
   */
  default Optional<String> epoch() {
    return Optional.empty();
  }

  /** Whether this store can forget without being told to, such as by a fault of the network. */
  default boolean forgetsWhenCut() {
    return false;
  }

  /** Returns when all is well again after a fault of the network. */
  default void settle() {}

  /** What it suffers beside the network's faults. */
  List<Fault> faults();

  /** Where {@link FencedTable}s are, or null. */
  default String table() {
    return null;
  }

  /** Logs what {@link FencedTable}s accepted. */
  default void writes(EventLog log) {}

  /** By how much leases may expire late. */
  default Duration lateExpiry() {
    return Duration.ofMillis(20);
  }

  /** How long clients may take to find that the store is back, beyond what is promised. */
  default Duration reconnecting() {
    return Duration.ofSeconds(1);
  }

  @Override
  void close();
}
