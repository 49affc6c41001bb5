package dev.conclave.backend;

/** What a lease stands for. Kinds have separate name spaces: equal names never collide. */
public enum LeaseKind {
  /** A lock, held by one caller for a while. */
  LOCK("lock"),
  /** The leadership of one election, held as long as it is renewed. */
  LEADER("leader"),
  /** The right to run a task. */
  TASK("task");

  private final String id;

  LeaseKind(String id) {
    this.id = id;
  }

  /** The kind's name in a backend's records. */
  public String id() {
    return id;
  }
}
