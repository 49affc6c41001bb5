package dev.conclave.chaos;

/** The words that an {@link Event} carries as its outcome, its id or its worker. */
final class Labels {
  /** The process that injects the faults, among the workers' names. */
  static final String HARNESS = "harness";

  static final String WAITS = "waits";
  static final String ONCE = "at once";
  static final String GIVEN_UP = " (given up)";
  static final String RELEASE = "release ";
  static final String HELD = RELEASE + "while valid";
  static final String NOT_HELD = RELEASE + "while not valid";
  static final String RESIGN = "resign";
  static final String STOP = "stop";
  static final String DONE = "done";

  private Labels() {}
}
