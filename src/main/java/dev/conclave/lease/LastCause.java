package dev.conclave.lease;

import dev.conclave.backend.SyncBackend;

/** The reason that a missing answer hides: what the backend last failed with. */
public final class LastCause {
  private LastCause() {}

  /** The sentence, followed by what the backend is in trouble with unless it says that already. */
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
