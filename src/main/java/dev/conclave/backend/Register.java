package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * The content of a register, with the store's time.
 *
 * @param mark what it holds; empty when it was never set
 * @param storeTime the store's own clock when it was read
 */
public record Register(OptionalLong mark, Instant storeTime) {
  /** Marks and fencing tokens stay below this, so that JSON and Lua carry them exactly. */
  public static final long MAX_MARK = (1L << 53) - 1;

  /** Returns a mark from 0 to {@link #MAX_MARK}; throws {@link ErrorCode#INVALID} for any other. */
  public static long checkMark(long mark) {
    if (mark < 0 || mark > MAX_MARK) {
      throw ErrorCode.INVALID.failure("mark " + mark + " must be from 0 to " + MAX_MARK);
    }
    return mark;
  }
}
