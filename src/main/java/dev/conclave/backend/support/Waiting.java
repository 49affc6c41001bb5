package dev.conclave.backend.support;

import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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

  /**
   * A caller's request.
   *
   * @param <Q> what is asked
   * @param <A> what is answered
   */
  final class Call<Q, A> {
    final Q request;
    final Object key;
    final Context context = Vertx.currentContext();
    final Promise<A> promise = Promise.promise();
    GroupCommit.Batch<Q, A> batch;
    long number;
    long deadline;
    boolean done;

    Call(Q request, Object key) {
      this.request = request;
      this.key = key;
    }
  }

  /**
   * A request as it is sent, with the calls that its answer is for.
   *
   * @param <Q> what is asked
   * @param <A> what is answered
   */
  record Entry<Q, A>(Q request, List<Call<Q, A>> calls) {
    boolean isDone() {
      for (Call<Q, A> call : calls) {
        if (!call.done) {
          return false;
        }
      }
      return true;
    }
  }

  /** One after the other as they came; any of them may be on their way together. */
  final class InOrder<Q, A> implements Waiting<Q, A> {
    private final Deque<Call<Q, A>> calls = new ArrayDeque<>();

    @Override
    public void add(Call<Q, A> call) {
      calls.add(call);
    }

    @Override
    public List<Entry<Q, A>> take(int most) {
      List<Entry<Q, A>> taken = new ArrayList<>(Math.min(calls.size(), most));
      while (taken.size() < most && !calls.isEmpty()) {
        Call<Q, A> call = calls.poll();
        if (!call.done) {
          taken.add(new Entry<>(call.request, List.of(call)));
        }
      }
      return taken;
    }

    @Override
    public void ended(List<Entry<Q, A>> entries) {}

    @Override
    public int size() {
      return calls.size();
    }

    @Override
    public void clear() {
      calls.clear();
    }
  }
}
