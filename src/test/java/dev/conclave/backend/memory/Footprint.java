package dev.conclave.backend.memory;

import dev.conclave.backend.LeaseKey;
import dev.conclave.testing.Async;

/** Lets tests of other packages see what a memory backend keeps. */
public final class Footprint {
  private Footprint() {}

  /** How many records and watches it keeps, when what has expired is not counted. */
  public static int of(MemoryBackend backend) {
    for (LeaseKey.Kind kind : LeaseKey.Kind.values()) {
      Async.get(backend.list(kind, "", null, 1000));
    }
    return backend.footprint();
  }
}
