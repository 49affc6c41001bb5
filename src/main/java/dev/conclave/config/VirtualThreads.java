package dev.conclave.config;

import dev.conclave.error.ErrorCode;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;

/** Refuses virtual threads on a Java runtime without them, already when they are configured. */
public final class VirtualThreads {
  private static final int FIRST = 21;

  private VirtualThreads() {}

  /** Refuses options of the virtual threading model on a Java runtime before 21. */
  public static void check(String options, DeploymentOptions how) {
    if (how != null && how.getThreadingModel() == ThreadingModel.VIRTUAL_THREAD) {
      require(options + ".threadingModel VIRTUAL_THREAD");
    }
  }

  /**
   * Refuses a Java runtime before 21.
   *
   * @param what needs virtual threads, for the message
   */
  public static void require(String what) {
    int feature = Runtime.version().feature();
    if (feature < FIRST) {
      throw ErrorCode.INVALID.failure(
          what + " needs Java " + FIRST + " or later, this is Java " + feature);
    }
  }
}
