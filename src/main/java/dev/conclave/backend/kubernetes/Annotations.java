package dev.conclave.backend.kubernetes;

/** What an object says beyond the common record, and the labels by which it is found. */
final class Annotations {
  /** Chooses all that is Conclave's. */
  static final String MANAGED_BY = "app.kubernetes.io/managed-by";

  /** The value of {@link #MANAGED_BY}. */
  static final String CONCLAVE = "conclave";

  /** A label too: the kind of the key. */
  static final String KIND = "conclave.dev/kind";

  /** The key's real name. */
  static final String NAME = "conclave.dev/name";

  /**
   * The {@code holderIdentity} that the annotations about a holder belong to. Another elector that
   * takes the record over leaves them behind; they are void from then on.
   */
  static final String HOLDER = "conclave.dev/holder";

  /** The public label of the holder. */
  static final String OWNER = "conclave.dev/owner";

  /** Proves the holder's token. */
  static final String TOKEN_HASH = "conclave.dev/token-hash";

  /** The greatest fencing token so far. */
  static final String FENCING_TOKEN = "conclave.dev/fencing-token";

  /** The exact duration; the common record knows whole seconds. */
  static final String DURATION_MS = "conclave.dev/duration-ms";

  /** The holder's metadata as JSON. */
  static final String METADATA = "conclave.dev/metadata";

  /**
   * The ids of the latest writes, the newest first: tells a writer whose answer was lost that the
   * write was its own, also when others have written since.
   */
  static final String WRITE = "conclave.dev/write";

  /** What a register holds. */
  static final String MARK = "conclave.dev/mark";

  private Annotations() {}
}
