package dev.conclave.lease;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Secret proofs of ownership: 144 random bits each, as 24 characters of base64url.
 *
 * <p>Random bytes are generated in chunks, because each call of the generator is expensive. A chunk
 * is shared without locks: each slice is taken by one thread, and a thread that finds the chunk
 * used up replaces it.
 */
public final class Tokens {
  private static final int BYTES = 18;
  private static final int PER_CHUNK = 256;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

  private static volatile Chunk current = new Chunk();

  private Tokens() {}

  /** A unique token that cannot be guessed. May be called from any thread. */
  public static String random() {
    while (true) {
      Chunk chunk = current;
      int slice = chunk.next.getAndIncrement();
      if (slice < PER_CHUNK) {
        int from = slice * BYTES;
        return ENCODER.encodeToString(Arrays.copyOfRange(chunk.bytes, from, from + BYTES));
      }
      current = new Chunk();
    }
  }

  private static final class Chunk {
    private final byte[] bytes = new byte[PER_CHUNK * BYTES];
    private final AtomicInteger next = new AtomicInteger();

    private Chunk() {
      RANDOM.nextBytes(bytes);
    }
  }
}
