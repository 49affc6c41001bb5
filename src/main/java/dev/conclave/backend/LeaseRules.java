package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The rules for everything that names or describes a lease, in one place.
 *
 * <p>Each check returns its argument and throws {@link ErrorCode#INVALID} with a sentence that
 * names the argument, the value and the rule. A token's value is never repeated.
 */
public final class LeaseRules {
  /** Names, owners and tokens have at most this many Unicode code points. */
  public static final int MAX_LENGTH = 200;

  /** The longest lease: a year. What should live longer is configuration, not a lease. */
  public static final Duration MAX_DURATION = Duration.ofDays(366);

  private static final Duration MIN_DURATION = Duration.ofMillis(1);

  /** Metadata, encoded as JSON, has at most this many characters. */
  public static final int MAX_METADATA = 4096;

  /** Marks and fencing tokens stay below this, so that JSON and Lua carry them exactly. */
  public static final long MAX_MARK = (1L << 53) - 1;

  /** A page of a listing holds at most this many leases. */
  public static final int MAX_PAGE = 1000;

  private LeaseRules() {}

  /** A lease's, election's or register's name: 1 to 200 characters, no control characters. */
  public static String checkName(String name) {
    return checkText("name", name, true);
  }

  /** An owner label: as a name. */
  public static String checkOwner(String owner) {
    return checkText("owner", owner, true);
  }

  /** A token: as a name, but its value appears in no message. */
  public static String checkToken(String token) {
    return checkText("token", token, false);
  }

  /** A lease's duration: from one millisecond to {@link #MAX_DURATION}. */
  public static Duration checkDuration(Duration duration) {
    if (duration == null) {
      throw ErrorCode.INVALID.failure("duration is missing");
    }
    if (duration.compareTo(MIN_DURATION) < 0 || duration.compareTo(MAX_DURATION) > 0) {
      throw ErrorCode.INVALID.failure(
          "duration " + duration + " must be from 1 ms to " + MAX_DURATION.toDays() + " days");
    }
    return duration;
  }

  /**
   * Metadata: null, or an object of at most {@link #MAX_METADATA} characters of JSON, without
   * unpaired surrogates.
   */
  public static JsonObject checkMetadata(JsonObject metadata) {
    if (metadata != null && !metadata.isEmpty()) {
      String json = metadata.encode();
      int length = json.length();
      if (json.codePoints().anyMatch(LeaseRules::isUnpaired)) {
        throw ErrorCode.INVALID.failure("metadata must hold no unpaired surrogate");
      }
      if (length > MAX_METADATA) {
        throw ErrorCode.INVALID.failure(
            "metadata has " + length + " characters of JSON, must be at most " + MAX_METADATA);
      }
    }
    return metadata;
  }

  /** A register's mark: from 0 to {@link #MAX_MARK}. */
  public static long checkMark(long mark) {
    if (mark < 0 || mark > MAX_MARK) {
      throw ErrorCode.INVALID.failure("mark " + mark + " must be from 0 to " + MAX_MARK);
    }
    return mark;
  }

  /** A page's size: from 1 to {@link #MAX_PAGE}. */
  public static int checkLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw ErrorCode.INVALID.failure("limit " + limit + " must be from 1 to " + MAX_PAGE);
    }
    return limit;
  }

  private static String checkText(String what, String text, boolean show) {
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
  private static boolean isUnpaired(int codePoint) {
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
