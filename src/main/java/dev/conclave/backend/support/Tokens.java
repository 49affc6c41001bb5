package dev.conclave.backend.support;

import java.security.SecureRandom;
import java.util.Base64;

/** Secret proofs of ownership: 144 random bits each, as 24 characters of base64url. */
public final class Tokens {
  private static final int BYTES = 18;
  private static final int BUFFERED = 256;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

  // Asking the system for each token would cost more than a lock on the memory backend.
  private static final ThreadLocal<Tokens> BUFFER = ThreadLocal.withInitial(Tokens::new);

  private final byte[] bytes = new byte[BYTES * BUFFERED];
  private final byte[] token = new byte[BYTES];
  private int used = bytes.length;

  private Tokens() {}

  /** A token that nobody can guess. */
  public static String random() {
    return BUFFER.get().next();
  }

  private String next() {
    if (used == bytes.length) {
      RANDOM.nextBytes(bytes);
      used = 0;
    }
    System.arraycopy(bytes, used, token, 0, BYTES);
    java.util.Arrays.fill(bytes, used, used + BYTES, (byte) 0);
    used += BYTES;
    return ENCODER.encodeToString(token);
  }
}
