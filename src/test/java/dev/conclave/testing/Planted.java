package dev.conclave.testing;

import java.util.UUID;

/**
 * Secrets of tests: passwords and tokens that contain a marker, so that a search of the output
 * finds one that leaked. The marker is the same in URIs and in JSON.
 */
public final class Planted {
  /** Stands in every planted secret, and must stand in no output. */
  public static final String MARKER = "pl4nted-5ecret";

  private Planted() {}

  /** A secret of its own. */
  public static String secret() {
    return MARKER + "-" + UUID.randomUUID();
  }
}
