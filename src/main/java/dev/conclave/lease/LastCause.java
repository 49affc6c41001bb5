package dev.conclave.lease;

import dev.conclave.backend.SyncBackend;

/** Adds the last failure of the backend to messages about missing answers. */
public final class LastCause {
  private LastCause() {}

  /** The sentence, followed by the backend's current trouble unless it contains that already. */
  public static String added(String sentence, SyncBackend backend) {
    String trouble = trouble(backend);
    return trouble == null || sentence.contains(trouble)
        ? sentence
        : sentence + "; last cause: " + trouble;
  }

  private static String trouble(SyncBackend backend) {
    try {
      return backend.trouble();
    } catch (RuntimeException unknown) {
      return null;
    }
  }
}
