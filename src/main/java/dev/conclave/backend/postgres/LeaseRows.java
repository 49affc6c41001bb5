package dev.conclave.backend.postgres;

import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.Register;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;

/** Reading leases from rows of kind, name, a flag, fence, owner, age, remaining, metadata. */
final class LeaseRows {
  /** In the row of a release: whether there is an offer now. */
  static final int OFFERED = 3;

  /**
   * In the row of a release: the numbers of the first and the second waiter, if they are this
   * client's.
   */
  static final int FIRST = 4;

  static final int NEXT = 5;

  private LeaseRows() {}

  static Lease read(LeaseKey key, Row row) {
    String metadata = row.getString(7);
    return new Lease(
        key,
        row.getString(4),
        row.getLong(3),
        micros(row.getLong(5)),
        micros(row.getLong(6)),
        metadata == null ? null : new JsonObject(metadata));
  }

  /** A row of kind, name, mark and the server's time. */
  static Register register(Row row) {
    Long mark = row.getLong(2);
    return new Register(
        mark == null ? OptionalLong.empty() : OptionalLong.of(mark),
        Instant.EPOCH.plus(row.getLong(3), ChronoUnit.MICROS));
  }

  private static Duration micros(long micros) {
    return Duration.ofNanos(Math.max(0, micros) * 1000);
  }
}
