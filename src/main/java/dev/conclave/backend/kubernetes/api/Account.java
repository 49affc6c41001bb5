package dev.conclave.backend.kubernetes.api;

import java.util.HashSet;
import java.util.Set;

/**
 * The verbs that the account was allowed to use so far. An API server that has just started refuses
 * every account with 403 until it has read the roles. So a 403 is final only for an account that
 * was never allowed anything. To be used on one thread.
 *
 * <ol>
 *   <li>Before anything was allowed, a 403 is final at once: the role is missing.
 *   <li>A verb that was allowed before is tried again within the deadline.
 *   <li>So is a verb that was never tried. Once it was refused up to the deadline, it is missing in
 *       the role, and a 403 is final at once from then on.
 * </ol>
 */
final class Account {
  private final Set<String> allowed = new HashSet<>();
  private final Set<String> missing = new HashSet<>();

  /** The verb was carried out. */
  void allowed(String verb) {
    allowed.add(verb);
    missing.remove(verb);
  }

  /** Whether a refusal of this verb may be over in a moment. */
  boolean mayBeAllowed(String verb) {
    return allowed.contains(verb) || (!allowed.isEmpty() && !missing.contains(verb));
  }

  /** The verb was refused up to the deadline. */
  void refused(String verb) {
    if (!allowed.contains(verb)) {
      missing.add(verb);
    }
  }
}
