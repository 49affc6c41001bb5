package dev.conclave.chaos.verdict;

/** The words that an {@link Event} carries as its outcome, its id or its worker. */
public final class Labels {
  /** The process that injects the faults, among the workers' names. */
  public static final String HARNESS = "harness";

  public static final String WAITS = "waits";
  public static final String ONCE = "at once";
  public static final String GIVEN_UP = " (given up)";
  public static final String RELEASE = "release ";
  public static final String HELD = RELEASE + "while valid";
  public static final String NOT_HELD = RELEASE + "while not valid";
  public static final String RESIGN = "resign";
  public static final String STOP = "stop";
  public static final String DONE = "done";

  private Labels() {}
}
