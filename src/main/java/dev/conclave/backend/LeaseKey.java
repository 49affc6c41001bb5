package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import java.util.Objects;

/**
 * What a lease is about: a kind and a name.
 *
 * <p>Names have 1 to 200 characters (Unicode code points), no control characters and no unpaired
 * surrogates; anything else goes. Two different keys are never one record, in any backend.
 *
 * @param kind the name space
 * @param name the name in it
 */
public record LeaseKey(LeaseKind kind, String name) {
  /** Fails with {@link ErrorCode#INVALID} when the name breaks the rules above. */
  public LeaseKey {
    Objects.requireNonNull(kind, "kind");
    LeaseRules.checkName(name);
  }

  /** The key of a lock. */
  public static LeaseKey lock(String name) {
    return new LeaseKey(LeaseKind.LOCK, name);
  }

  /** The key of an election's leadership. */
  public static LeaseKey leader(String election) {
    return new LeaseKey(LeaseKind.LEADER, election);
  }

  /** The key of a task. */
  public static LeaseKey task(String name) {
    return new LeaseKey(LeaseKind.TASK, name);
  }

  @Override
  public String toString() {
    return kind.id() + " '" + name + "'";
  }
}
