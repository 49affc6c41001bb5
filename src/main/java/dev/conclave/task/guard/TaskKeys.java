package dev.conclave.task.guard;

import dev.conclave.backend.LeaseKey;
import dev.conclave.error.ErrorCode;

/** The records of a task in the backend; the register of its ticks has the task's name. */
public final class TaskKeys {
  private static final int MAX_NAME = LeaseKey.MAX_LENGTH - 10;

  private TaskKeys() {}

  /**
   * Checks a task's full name: it must be shorter than other names, to leave room for the prefixes.
   */
  public static String checkName(String name) {
    LeaseKey.checkName(name);
    int length = name.codePointCount(0, name.length());
    if (length > MAX_NAME) {
      throw ErrorCode.INVALID.failure(
          "task '"
              + name.substring(0, 40)
              + "…' has a name of "
              + length
              + " characters, must have at most "
              + MAX_NAME);
    }
    return name;
  }

  /** Held by the machine that runs the task. */
  public static LeaseKey run(String task) {
    return LeaseKey.task("run:" + task);
  }

  /** Held while the task is paused. */
  public static LeaseKey paused(String task) {
    return LeaseKey.task("paused:" + task);
  }

  /** Records since when the task is known, so that earlier ticks do not count as missed. */
  public static LeaseKey since(String task) {
    return LeaseKey.task("since:" + task);
  }
}
