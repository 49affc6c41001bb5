package dev.conclave.election;

import dev.conclave.error.ErrorCode;

/** How far {@link LeadershipEvent}s travel on the event bus. */
public enum LeadershipPublishing {
  /** To this Vert.x instance only. */
  LOCAL("local"),
  /** To the whole cluster. */
  CLUSTER("cluster"),
  /** Not at all; handlers registered in Java still receive them. */
  NONE("none");

  private final String wireName;

  LeadershipPublishing(String wireName) {
    this.wireName = wireName;
  }

  /** The value in JSON. */
  public String wireName() {
    return wireName;
  }

  /** The value of this wire name; fails with {@link ErrorCode#INVALID} when there is none. */
  public static LeadershipPublishing of(String wireName) {
    for (LeadershipPublishing publishing : values()) {
      if (publishing.wireName.equals(wireName)) {
        return publishing;
      }
    }
    throw ErrorCode.INVALID.failure(
        "publish '" + wireName + "' must be \"local\", \"cluster\" or \"none\"");
  }
}
