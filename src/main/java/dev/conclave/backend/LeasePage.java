package dev.conclave.backend;

import dev.conclave.error.ErrorCode;
import java.util.List;

/**
 * A part of a listing.
 *
 * @param leases live leases, at most as many as requested; there may be fewer, even none, on a page
 *     that is not the last
 * @param next the argument that requests the following page, or null when this is the last one
 */
public record LeasePage(List<Lease> leases, String next) {
  /** A page holds at most this many leases. */
  public static final int MAX_SIZE = 1000;

  /** Keeps an unmodifiable copy of the leases. */
  public LeasePage {
    leases = List.copyOf(leases);
  }

  /**
   * Returns a limit from 1 to {@link #MAX_SIZE}; throws {@link ErrorCode#INVALID} for any other.
   */
  public static int checkLimit(int limit) {
    if (limit < 1 || limit > MAX_SIZE) {
      throw ErrorCode.INVALID.failure("limit " + limit + " must be from 1 to " + MAX_SIZE);
    }
    return limit;
  }
}
