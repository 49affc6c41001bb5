package dev.conclave.backend;

import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The public view of a live lease. It has no token: inspection never shows one.
 *
 * @param key what is held
 * @param owner the public label of the holder
 * @param fencingToken the number of this holding; greater than that of every earlier one of the key
 * @param age how long ago this holding began, by the backend's clock; zero when that clock was set
 *     back since
 * @param remaining how long it still lives unless extended, by the backend's clock
 * @param metadata what the holder attached, or null
 */
public record Lease(
    LeaseKey key,
    String owner,
    long fencingToken,
    Duration age,
    Duration remaining,
    JsonObject metadata) {
  /** A negative age, which a clock that was set back causes, becomes zero. */
  public Lease {
    age = age.isNegative() ? Duration.ZERO : age;
  }
}
