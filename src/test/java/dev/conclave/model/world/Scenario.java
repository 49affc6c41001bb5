package dev.conclave.model.world;

import dev.conclave.backend.SyncBackend;

/** What the processes do, and what has to be true of it. A new one for every execution. */
public interface Scenario {
  /** How long, in milliseconds, until after the last fault all has to be well. */
  long calm();

  /** Makes what the process works with. */
  void prepare(World world, ModelProcess process, SyncBackend backend);

  /** The process begins; on its thread. */
  void begin(World world, ModelProcess process);

  /** What has to be true at every instant; after every step. */
  void check(World world);

  /** The faults are over; on the process's thread, if it lives. */
  void heal(World world, ModelProcess process);

  /** The calm is over. */
  void finish(World world);
}
