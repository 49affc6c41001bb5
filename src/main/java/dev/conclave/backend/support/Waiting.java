package dev.conclave.backend.support;

import dev.conclave.backend.support.GroupCommit.Call;
import dev.conclave.backend.support.GroupCommit.Entry;
import java.util.List;

/**
 * Requests that wait to be sent: which of them are sent together, and in which order.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
interface Waiting<Q, A> {
  /** Adds the youngest. */
  void add(Call<Q, A> call);

  /** Takes what may leave now, at most so many requests; without those that have ended. */
  List<Entry<Q, A>> take(int most);

  /** What was taken is not under way any more. */
  void ended(List<Entry<Q, A>> entries);

  /** How many calls wait, some of which may have ended. */
  int size();

  /** Forgets all. */
  void clear();
}
