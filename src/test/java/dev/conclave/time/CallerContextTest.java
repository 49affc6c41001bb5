package dev.conclave.time;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.testing.Async;
import dev.conclave.testing.ManualScheduler;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What listeners of an answer throw does not reach the code that completes it. */
@ExtendWith(VertxExtension.class)
class CallerContextTest {
  private final List<Throwable> reported = new CopyOnWriteArrayList<>();

  /** Runs on a thread of its own, whose handler keeps what is thrown. */
  private void onPlainThread(Runnable action) throws InterruptedException {
    Thread thread = new Thread(action, "plain");
    thread.setUncaughtExceptionHandler((where, thrown) -> reported.add(thrown));
    thread.start();
    thread.join(Async.PATIENCE.toMillis());
  }

  @Test
  void aListenerOfAnAnswerWithoutContextThrowsToTheThreadsHandler() throws InterruptedException {
    AssertionError thrown = new AssertionError("thrown by a listener");
    List<String> after = new ArrayList<>();
    onPlainThread(
        () -> {
          Promise<String> promise = Promise.promise();
          CallerContext.answer(promise.future())
              .onComplete(
                  answer -> {
                    throw thrown;
                  });
          CallerContext.answer(promise.future()).onSuccess(after::add);
          promise.complete("answer");
          after.add("completed");
        });
    assertThat(after).containsExactly("answer", "completed");
    assertThat(reported).containsExactly(thrown);
  }

  @Test
  void aListenerOfACallWithoutContextThrowsToTheThreadsHandler() throws InterruptedException {
    AssertionError thrown = new AssertionError("thrown by a listener");
    Promise<String> promise = Promise.promise();
    List<String> after = new ArrayList<>();
    onPlainThread(
        () -> {
          CallerContext.call(new ManualScheduler(), promise::future)
              .onComplete(
                  answer -> {
                    throw thrown;
                  });
          promise.complete("answer");
          after.add("completed");
        });
    assertThat(after).containsExactly("completed");
    assertThat(reported).containsExactly(thrown);
  }

  @Test
  void aListenerOnAContextThrowsToThatContextsHandler(Vertx vertx) {
    AssertionError thrown = new AssertionError("thrown by a listener");
    Context context = vertx.getOrCreateContext();
    Promise<Throwable> handled = Promise.promise();
    context.exceptionHandler(handled::complete);
    Promise<String> promise = Promise.promise();
    Promise<String> completed = Promise.promise();
    context.runOnContext(
        start -> {
          CallerContext.answer(promise.future())
              .onComplete(
                  answer -> {
                    throw thrown;
                  });
          promise.complete("answer");
          completed.complete("completed");
        });
    assertThat(get(completed.future())).isEqualTo("completed");
    assertThat(get(handled.future())).isSameAs(thrown);
  }
}
