package dev.conclave.config;

import dev.conclave.error.ErrorCode;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;

/** Refuses virtual threads where there are none, when they are asked for and not when they run. */
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
   * @param what needs virtual threads, for people
   */
  public static void require(String what) {
    int feature = Runtime.version().feature();
    if (feature < FIRST) {
      throw ErrorCode.INVALID.failure(
          what + " needs Java " + FIRST + " or later, this is Java " + feature);
    }
  }
}
