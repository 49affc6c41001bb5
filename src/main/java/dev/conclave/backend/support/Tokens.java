package dev.conclave.backend.support;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Secret proofs of ownership: 144 random bits each, as 24 characters of base64url.
 *
 * <p>Random bytes come in chunks. The platform's generator draws a key for each; the chunk is what
 * AES in counter mode makes of it, which is as unguessable as the key and ten times as fast as a
 * draw. A chunk is shared without locks: whoever takes a slice has it alone, and who finds the
 * chunk used up puts a new one in its place.
 */
public final class Tokens {
  private static final int BYTES = 18;
  private static final int PER_CHUNK = 256;
  private static final int KEY_BYTES = 32;
  private static final int BLOCK_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

  private static volatile Chunk current = new Chunk();

  private Tokens() {}

  /** A token that nobody can guess and nobody else has. May be called from any thread. */
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
    private final byte[] bytes = randomBytes(PER_CHUNK * BYTES);
    private final AtomicInteger next = new AtomicInteger();

    private static byte[] randomBytes(int length) {
      byte[] seed = new byte[KEY_BYTES + BLOCK_BYTES];
      RANDOM.nextBytes(seed);
      try {
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
        cipher.init(
            Cipher.ENCRYPT_MODE,
            new SecretKeySpec(seed, 0, KEY_BYTES, "AES"),
            new IvParameterSpec(seed, KEY_BYTES, BLOCK_BYTES));
        return cipher.doFinal(new byte[length]);
      } catch (GeneralSecurityException notOnThisPlatform) {
        byte[] bytes = new byte[length];
        RANDOM.nextBytes(bytes);
        return bytes;
      }
    }
  }
}
