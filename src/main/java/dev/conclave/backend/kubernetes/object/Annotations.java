package dev.conclave.backend.kubernetes.object;

/** What an object holds in addition to the common record, and the labels by which it is found. */
public final class Annotations {
  /** The label that selects all objects of Conclave. */
  public static final String MANAGED_BY = "app.kubernetes.io/managed-by";

  /** The value of {@link #MANAGED_BY}. */
  public static final String CONCLAVE = "conclave";

  /** A label too: the kind of the key. */
  public static final String KIND = "conclave.dev/kind";

  /** The key's real name. */
  public static final String NAME = "conclave.dev/name";

  /**
   * The {@code holderIdentity} that the annotations about a holder belong to. Another elector that
   * takes the record over leaves them behind; they are void from then on.
   */
  public static final String HOLDER = "conclave.dev/holder";

  /** The public label of the holder. */
  public static final String OWNER = "conclave.dev/owner";

  /** Proves the holder's token. */
  public static final String TOKEN_HASH = "conclave.dev/token-hash";

  /** The greatest fencing token so far. */
  public static final String FENCING_TOKEN = "conclave.dev/fencing-token";

  /** The exact duration; the common record has whole seconds only. */
  public static final String DURATION_MS = "conclave.dev/duration-ms";

  /** The holder's metadata as JSON. */
  public static final String METADATA = "conclave.dev/metadata";

  /**
   * The ids of the latest writes, the newest first: a writer whose answer was lost recognizes its
   * own write by them, even when others have written since.
   */
  public static final String WRITE = "conclave.dev/write";

  /** What a register holds. */
  public static final String MARK = "conclave.dev/mark";

  private Annotations() {}
}
