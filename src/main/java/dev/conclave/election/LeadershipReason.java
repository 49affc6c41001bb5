package dev.conclave.election;

import dev.conclave.error.ErrorCode;

/** The reason for a change in a worker's view of the leadership. */
public enum LeadershipReason {
  /** This worker leads now. */
  ELECTED("elected"),
  /** This worker led and stepped down on request. */
  RESIGNED("resigned"),
  /** This worker led and stepped down because it stops. */
  STOPPED("stopped"),
  /** This worker led and could not renew until its renew deadline. */
  RENEWAL_FAILED("renewal-failed"),
  /** This worker led and the backend reports that its lease is gone. */
  LOST("lost"),
  /** This worker does not lead, and has seen which worker leads or that none does. */
  OBSERVED("observed");

  private final String wireName;

  LeadershipReason(String wireName) {
    this.wireName = wireName;
  }

  /** The reason in JSON. */
  public String wireName() {
    return wireName;
  }

  /** Whether this ends a leadership of this worker. */
  public boolean isEnd() {
    return this != ELECTED && this != OBSERVED;
  }

  /** The reason of this wire name; fails with {@link ErrorCode#INVALID} when there is none. */
  public static LeadershipReason of(String wireName) {
    for (LeadershipReason reason : values()) {
      if (reason.wireName.equals(wireName)) {
        return reason;
      }
    }
    throw ErrorCode.INVALID.failure("reason '" + wireName + "' is unknown");
  }
}
