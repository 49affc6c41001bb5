package dev.conclave.backend.kubernetes.object;

import dev.conclave.backend.LeaseKey;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Derives object names from keys, and the stored form of tokens.
 *
 * <p>The name of an object is {@code conclave-<kind>-<slug>-<hash>}. The slug is for people: what a
 * DNS-1123 name can show of the real name. The hash, 128 bits over kind and real name, is what
 * keeps two keys apart; the real name stands in an annotation.
 */
public final class Names {
  private static final int SLUG = 30;
  private static final int HASH_BYTES = 16;
  private static final String REGISTER = "register";

  private Names() {}

  /** The object of a lease. */
  public static String of(LeaseKey key) {
    return name(key.kind().id(), key.name());
  }

  /** The object of a register. */
  public static String ofRegister(String name) {
    return name(REGISTER, name);
  }

  /**
   * What is stored instead of a token: it proves a token that is presented, and proves nothing by
   * itself. Bound to the key, so that equal tokens of two keys do not show.
   */
  public static String tokenHash(LeaseKey key, String token) {
    return HexFormat.of().formatHex(digest("token", key.kind().id(), key.name(), token));
  }

  /** Whether the token is the one that was hashed, in time that does not depend on where not. */
  public static boolean isTokenOf(String hash, LeaseKey key, String token) {
    return hash != null
        && MessageDigest.isEqual(
            hash.getBytes(StandardCharsets.UTF_8),
            tokenHash(key, token).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The public identity of a holder: its owner label, and a few digits that tell apart two
   * instances with the same label.
   */
  public static String holderIdentity(LeaseKey key, String token, String owner) {
    byte[] digest = digest("holder", key.kind().id(), key.name(), token);
    return owner + "_" + HexFormat.of().formatHex(digest, 0, 4);
  }

  private static String name(String kind, String name) {
    String slug = slug(name);
    String hash = HexFormat.of().formatHex(digest("name", kind, name), 0, HASH_BYTES);
    return "conclave-" + kind + "-" + (slug.isEmpty() ? "" : slug + "-") + hash;
  }

  private static String slug(String name) {
    StringBuilder slug = new StringBuilder(SLUG);
    for (int i = 0; i < name.length() && slug.length() < SLUG; i++) {
      char c = name.charAt(i);
      char lower = c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
      boolean plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
      boolean afterDash = slug.isEmpty() || slug.charAt(slug.length() - 1) == '-';
      if (plain) {
        slug.append(lower);
      } else if (!afterDash) {
        slug.append('-');
      }
    }
    boolean dash = !slug.isEmpty() && slug.charAt(slug.length() - 1) == '-';
    return dash ? slug.substring(0, slug.length() - 1) : slug.toString();
  }

  private static byte[] digest(String purpose, String... parts) {
    try {
      // No part but the last can hold a control character, so the joined text is unambiguous.
      String text = "conclave " + purpose + "\n" + String.join("\n", parts);
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException everyJvmHasIt) {
      throw new IllegalStateException(everyJvmHasIt);
    }
  }
}
