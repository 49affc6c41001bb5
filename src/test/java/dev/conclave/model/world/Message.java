package dev.conclave.model.world;

import java.util.Comparator;

/** Something on its way between a process and the store. */
final class Message {
  static final String HINT = "hint";

  /** In what order messages are looked at: one that does not depend on how a state was reached. */
  static final Comparator<Message> ORDER =
      Comparator.comparing((Message m) -> m.process.name)
          .thenComparing(m -> m.to)
          .thenComparing(m -> m.what)
          .thenComparingLong(m -> m.number);

  /** Which way it goes. */
  enum To {
    STORE,
    PROCESS
  }

  final ModelProcess process;
  final To to;
  final String what;
  final Runnable arrival;
  final transient long number;
  boolean held;

  Message(ModelProcess process, To to, String what, Runnable arrival, long number) {
    this.process = process;
    this.to = to;
    this.what = what;
    this.arrival = arrival;
    this.number = number;
  }

  boolean isHint() {
    return what.equals(HINT);
  }

  boolean canArrive() {
    return to == To.STORE || process.acts();
  }

  @Override
  public String toString() {
    return to == To.STORE ? process + "'s " + what + " at the store" : what + " at " + process;
  }
}
