package dev.conclave.backend.support;

import dev.conclave.backend.support.GroupCommit.Call;
import dev.conclave.backend.support.GroupCommit.Entry;
import java.util.List;

/**
 * Requests that wait to be sent: which of them are sent together, and in which order.
 *
 * @param <Q> the type of a request
 * @param <A> the type of its result
 */
interface Waiting<Q, A> {
  /** Adds the latest call. */
  void add(Call<Q, A> call);

  /** Takes the requests that may be sent now, up to this number; skips those that have ended. */
  List<Entry<Q, A>> take(int most);

  /** These requests are not under way any more. */
  void ended(List<Entry<Q, A>> entries);

  /** How many calls wait, some of which may have ended. */
  int size();

  /** Forgets all. */
  void clear();
}
