package dev.conclave.backend.kubernetes;

import dev.conclave.backend.kubernetes.object.Writer;
import java.util.function.Function;

/**
 * The plan of an operation: what to do with an object in its present state.
 *
 * @param <T> what the operation returns
 */
interface Plan<T> {
  /**
   * Decides. Called again whenever the object has changed.
   *
   * @param seen null without an object
   */
  Step<T> decide(Observed seen);

  /**
   * One decision: an answer, or a version to write.
   *
   * @param answer when there is nothing to write
   * @param draft what to write, or null
   * @param written what follows when that has been written
   * @param recreated what follows when the write has created the object anew, because it had been
   *     deleted in the meantime: its former content is void
   * @param overtaken the answer when it was written, but others have written since and before that
   *     was known; null when its outcome is unknown
   */
  record Step<T>(
      T answer,
      Writer.Draft draft,
      Function<Observed, Step<T>> written,
      Function<Observed, Step<T>> recreated,
      T overtaken) {

    static <T> Step<T> answer(T answer) {
      return new Step<>(answer, null, null, null, null);
    }

    static <T> Step<T> write(
        Writer.Draft draft,
        Function<Observed, Step<T>> written,
        Function<Observed, Step<T>> recreated) {
      return new Step<>(null, draft, written, recreated, null);
    }

    Step<T> orOvertaken(T then) {
      return new Step<>(answer, draft, written, recreated, then);
    }
  }
}
