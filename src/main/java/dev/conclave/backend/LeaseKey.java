package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.serviceproxy.ServiceException;
import java.util.Objects;

/**
 * What a lease is about: a kind and a name.
 *
 * <p>Names have 1 to 200 characters (Unicode code points), no control characters and no unpaired
 * surrogates; all other characters are allowed. Two different keys have two different records in
 * every backend.
 *
 * @param kind the name space
 * @param name the name in it
 */
public record LeaseKey(Kind kind, String name) {
  /** Names, owners and tokens have at most this many Unicode code points. */
  public static final int MAX_LENGTH = 200;

  /** What a lease stands for. Kinds have separate name spaces: equal names never collide. */
  public enum Kind {
    /** A lock, held by one caller for a while. */
    LOCK("lock"),
    /** The leadership of one election, held as long as it is renewed. */
    LEADER("leader"),
    /** The right to run a task. */
    TASK("task");

    private final String id;

    Kind(String id) {
      this.id = id;
    }

    /** The kind's name in a backend's records. */
    public String id() {
      return id;
    }
  }

  /** Fails with {@link ErrorCode#INVALID} when the name breaks the rules above. */
  public LeaseKey {
    Objects.requireNonNull(kind, "kind");
    checkName(name);
  }

  /** The key of a lock. */
  public static LeaseKey lock(String name) {
    return new LeaseKey(Kind.LOCK, name);
  }

  /** The key of an election's leadership. */
  public static LeaseKey leader(String election) {
    return new LeaseKey(Kind.LEADER, election);
  }

  /** The key of a task. */
  public static LeaseKey task(String name) {
    return new LeaseKey(Kind.TASK, name);
  }

  /**
   * Returns a valid name of a lease, an election or a register. Throws {@link ErrorCode#INVALID}
   * with a sentence that names the value and the rule for any other.
   */
  public static String checkName(String name) {
    return checkText("name", name, true);
  }

  /**
   * Whether a name can begin with the prefix. A prefix that breaks the rules for names matches no
   * name, and must not be sent: a store might change its characters, and match others.
   */
  public static boolean mayBeginAName(String prefix) {
    try {
      return prefix.isEmpty() || checkName(prefix) != null;
    } catch (ServiceException illegal) {
      return false;
    }
  }

  @Override
  public String toString() {
    return kind.id() + " '" + name + "'";
  }

  /**
   * The rule for names, owners and tokens.
   *
   * @param show whether the message may repeat the value
   */
  static String checkText(String what, String text, boolean show) {
    if (text == null || text.isEmpty()) {
      throw ErrorCode.INVALID.failure(what + " is " + (text == null ? "missing" : "empty"));
    }
    if (isShortAndPlain(text)) {
      return text;
    }
    int characters = 0;
    for (int i = 0; i < text.length(); characters++) {
      int character = text.codePointAt(i);
      if (Character.isISOControl(character) || isUnpaired(character)) {
        throw ErrorCode.INVALID.failure(
            what
                + (show ? " '" + printable(text) + "'" : "")
                + " must hold no control character and no unpaired surrogate (at index "
                + i
                + ")");
      }
      i += Character.charCount(character);
    }
    if (characters > MAX_LENGTH) {
      throw ErrorCode.INVALID.failure(
          what
              + (show ? " '" + printable(text.substring(0, 40)) + "…'" : "")
              + " has "
              + characters
              + " characters, must have at most "
              + MAX_LENGTH);
    }
    return text;
  }

  /** An unpaired surrogate has no UTF-8 form: two of them would be one text in a backend. */
  static boolean isUnpaired(int codePoint) {
    return Character.isBmpCodePoint(codePoint) && Character.isSurrogate((char) codePoint);
  }

  /** Whether it holds only printable ASCII: the common case, which is checked quickly. */
  private static boolean isShortAndPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~') {
        return false;
      }
    }
    return text.length() <= MAX_LENGTH;
  }

  private static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.chars()
        .limit(60)
        .forEach(
            c -> {
              boolean odd = Character.isISOControl(c) || Character.isSurrogate((char) c);
              shown.append(odd ? String.format("\\u%04x", c) : String.valueOf((char) c));
            });
    return shown.toString();
  }
}
