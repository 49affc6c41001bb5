package dev.conclave.backend;

import java.util.List;

/**
 * A part of a listing.
 *
 * @param leases live leases, at most as many as asked for; there may be fewer, even none, on a page
 *     that is not the last
 * @param next what to ask for the following page with, or null when this is the last one
 */
public record LeasePage(List<Lease> leases, String next) {
  /** Keeps an unmodifiable copy of the leases. */
  public LeasePage {
    leases = List.copyOf(leases);
  }
}
