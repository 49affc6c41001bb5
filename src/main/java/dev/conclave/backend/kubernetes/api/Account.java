package dev.conclave.backend.kubernetes.api;

import java.util.HashSet;
import java.util.Set;

/**
 * What the account was allowed to do so far. An API server that has just started refuses everybody
 * with 403 until it has read the roles; so a 403 is an answer only for an account that was never
 * let in. To be used on one thread.
 *
 * <ol>
 *   <li>Before anything was allowed, a 403 is the answer at once: the role is missing.
 *   <li>What was allowed before is tried again within the deadline.
 *   <li>So is what was never tried; when that was refused up to the deadline once, the verb is
 *       missing in the role, and is refused at once from then on.
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
