package dev.conclave.model.world;

import java.util.function.Supplier;

/**
 * Something that may happen next.
 *
 * @param label what, for people
 * @param action makes it happen
 * @param isPause whether it is only that nothing else has to happen now
 */
public record Step(Supplier<String> label, Runnable action, boolean isPause) {
  Step(Supplier<String> label, Runnable action) {
    this(label, action, false);
  }
}
