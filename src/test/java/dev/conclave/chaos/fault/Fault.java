package dev.conclave.chaos.fault;

import java.util.Random;

/**
 * One kind of trouble.
 *
 * @param name what it is called in the figures
 * @param forgets whether the store forgets what was written: then leases may overlap for the length
 *     of a lease, and fencing tokens have to make up for it
 * @param injection makes it
 */
public record Fault(String name, boolean forgets, Injection injection) {
  /** Makes trouble, with a source of chance of its own, and answers how to end it. */
  public interface Injection {
    Healing inject(Random random) throws Exception;
  }

  /** Ends the trouble; when it returns all is well again. */
  public interface Healing {
    void heal() throws Exception;
  }

  public static final Healing OVER = () -> {};

  /** A fault after which all leases are as they were, unless the store's epoch tells otherwise. */
  public static Fault durable(String name, Injection injection) {
    return new Fault(name, false, injection);
  }

  /** A fault after which leases may be gone, or back. */
  public static Fault forgetful(String name, Injection injection) {
    return new Fault(name, true, injection);
  }
}
