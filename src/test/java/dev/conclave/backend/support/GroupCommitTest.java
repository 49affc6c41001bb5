package dev.conclave.backend.support;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.error.ErrorCode;
import dev.conclave.testing.ManualScheduler;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The rules of {@link GroupCommit}, on a clock of its own and then on Vert.x. */
class GroupCommitTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final ManualScheduler time = new ManualScheduler();
  private final Wire wire = new Wire();

  /** A server that answers when the test says so, in upper case. */
  private static final class Wire implements Transport<String, String> {
    private final List<List<String>> batches = new ArrayList<>();
    private final List<Promise<List<Future<String>>>> answers = new ArrayList<>();
    private int stalls;

    @Override
    public Future<List<Future<String>>> send(List<String> batch) {
      batches.add(batch);
      answers.add(Promise.promise());
      return answers.get(answers.size() - 1).future();
    }

    @Override
    public void stalled() {
      stalls++;
    }

    private List<Integer> sizes() {
      return batches.stream().map(List::size).toList();
    }

    private void answer(int batch) {
      answers.get(batch).complete(batches.get(batch).stream().map(Wire::one).toList());
    }

    private static Future<String> one(String request) {
      return request.startsWith("bad")
          ? Future.failedFuture(request)
          : Future.succeededFuture(request.toUpperCase());
    }
  }

  private GroupCommit<String, String> group(int maxBatch, int maxInFlight) {
    return new GroupCommit<>(time, new GroupCommit.Limits(TIMEOUT, maxBatch, maxInFlight), wire);
  }

  private GroupCommit<String, String> keyed(int maxBatch, int maxInFlight) {
    return new GroupCommit<>(
        time,
        new GroupCommit.Limits(TIMEOUT, maxBatch, maxInFlight),
        wire,
        request -> request.charAt(0));
  }

  @Test
  void theFirstGoesAtOnceAndTheRestTogetherWithItsAnswer() {
    GroupCommit<String, String> group = group(100, 1);
    Future<String> a = group.submit("a");
    Future<String> b = group.submit("b");
    Future<String> c = group.submit("c");
    assertThat(wire.batches).containsExactly(List.of("a"));
    wire.answer(0);
    assertThat(a.result()).isEqualTo("A");
    assertThat(wire.batches).containsExactly(List.of("a"), List.of("b", "c"));
    wire.answer(1);
    assertThat(List.of(b.result(), c.result())).containsExactly("B", "C");
  }

  @Test
  void furtherRequestsOfOneIterationTakeOneSlot() {
    GroupCommit<String, String> group = group(100, 3);
    for (String request : List.of("a", "b", "c", "d")) {
      group.submit(request);
    }
    assertThat(wire.batches).containsExactly(List.of("a"));
    time.run();
    assertThat(wire.batches).containsExactly(List.of("a"), List.of("b", "c", "d"));
    group.submit("e");
    assertThat(wire.batches).hasSize(3).last().isEqualTo(List.of("e"));
  }

  @Test
  void whatAnswersCauseTravelsTogether() {
    GroupCommit<String, String> group = group(100, 1);
    group.submit("x");
    for (int i = 0; i < 3; i++) {
      String next = "n" + i;
      group.submit("m" + i).onSuccess(answer -> group.submit(next));
    }
    wire.answer(0);
    wire.answer(1);
    assertThat(wire.batches)
        .containsExactly(List.of("x"), List.of("m0", "m1", "m2"), List.of("n0", "n1", "n2"));
  }

  @Test
  void manyAreSharedOutAmongTheSlots() {
    GroupCommit<String, String> group = group(1000, 2);
    for (int i = 0; i < 100; i++) {
      loop(group);
    }
    time.run();
    assertThat(wire.sizes()).containsExactly(1, 99);
    wire.answer(1);
    assertThat(wire.sizes()).containsExactly(1, 99, 50);
    wire.answer(0);
    assertThat(wire.sizes()).containsExactly(1, 99, 50, 50);
    wire.answer(2);
    wire.answer(3);
    assertThat(wire.sizes()).containsExactly(1, 99, 50, 50, 50, 50);
  }

  private static void loop(GroupCommit<String, String> group) {
    group.submit("again").onSuccess(answer -> loop(group));
  }

  @Test
  void batchesHaveALimitAndSlotsToo() {
    GroupCommit<String, String> group = group(2, 2);
    IntStream.range(0, 7).forEach(i -> group.submit("r" + i));
    time.run();
    assertThat(wire.batches).containsExactly(List.of("r0"), List.of("r1", "r2"));
    wire.answer(1);
    wire.answer(0);
    assertThat(wire.batches.subList(2, 4))
        .containsExactly(List.of("r3", "r4"), List.of("r5", "r6"));
  }

  @Test
  void oneFailureDoesNotAffectOthers() {
    GroupCommit<String, String> group = group(100, 1);
    group.submit("x");
    Future<String> good = group.submit("good");
    Future<String> bad = group.submit("bad");
    Future<String> fine = group.submit("fine");
    wire.answer(0);
    wire.answer(1);
    assertThat(good.result()).isEqualTo("GOOD");
    assertThat(bad.cause()).hasMessage("bad");
    assertThat(fine.result()).isEqualTo("FINE");
  }

  @Test
  void aFailedBatchFailsItsRequestsAndTheNextGoesOut() {
    GroupCommit<String, String> group = group(100, 1);
    Future<String> a = group.submit("a");
    Future<String> b = group.submit("b");
    wire.answers.get(0).fail("broken");
    assertThat(a.cause()).hasMessage("broken");
    wire.answer(1);
    assertThat(b.result()).isEqualTo("B");
  }

  @Test
  void requestsOfOneKeyTravelOneAfterTheOtherInOrder() {
    GroupCommit<String, String> group = keyed(100, 2);
    for (String request : List.of("a1", "a2", "b1", "a3", "b2", "c1")) {
      group.submit(request);
      time.run();
    }
    assertThat(wire.batches).containsExactly(List.of("a1"), List.of("b1"));
    wire.answer(0);
    assertThat(wire.batches.get(2)).containsExactly("a2", "c1");
    wire.answer(1);
    assertThat(wire.batches.get(3)).containsExactly("b2");
    wire.answer(2);
    assertThat(wire.batches.get(4)).containsExactly("a3");
  }

  @Test
  void everyRequestEndsWithinTheTimeoutSentOrNot() {
    GroupCommit<String, String> group = group(100, 1);
    Future<String> sent = group.submit("sent");
    time.advance(Duration.ofSeconds(1));
    Future<String> unsent = group.submit("unsent");
    time.advance(Duration.ofMillis(3999));
    assertThat(sent.isComplete()).isFalse();
    time.advance(Duration.ofMillis(1));
    assertThat(ErrorCode.BACKEND_UNAVAILABLE.is(sent.cause())).isTrue();
    assertThat(sent.cause()).hasMessageContaining("5000 ms");
    assertThat(wire.stalls).isEqualTo(1);
    assertThat(wire.batches).containsExactly(List.of("sent"), List.of("unsent"));
    time.advance(Duration.ofSeconds(1));
    assertThat(ErrorCode.BACKEND_UNAVAILABLE.is(unsent.cause())).isTrue();
    assertThat(wire.stalls).isEqualTo(2);
    assertThat(time.pending()).isZero();
  }

  @Test
  void aLateAnswerChangesNothing() {
    GroupCommit<String, String> group = keyed(100, 1);
    Future<String> late = group.submit("a1");
    time.advance(TIMEOUT);
    Future<String> next = group.submit("a2");
    wire.answer(0);
    assertThat(late.failed()).isTrue();
    assertThat(next.isComplete()).isFalse();
    assertThat(wire.batches).hasSize(2);
    wire.answer(1);
    assertThat(next.result()).isEqualTo("A2");
  }

  @Test
  void closingFailsWhatIsOpenAndWhatComesLater() {
    GroupCommit<String, String> group = group(100, 1);
    Future<String> sent = group.submit("sent");
    Future<String> unsent = group.submit("unsent");
    group.close();
    group.close();
    Future<String> later = group.submit("later");
    for (Future<String> call : List.of(sent, unsent, later)) {
      assertThat(ErrorCode.CLOSED.is(call.cause())).isTrue();
    }
    wire.answer(0);
    assertThat(wire.batches).hasSize(1);
  }

  @Test
  @ExtendWith(VertxExtension.class)
  void callersOfManyThreadsAreAnsweredOnTheirOwnContext(Vertx vertx) {
    GroupCommit<Integer, Integer> group =
        new GroupCommit<>(
            new ContextScheduler(vertx, vertx.getOrCreateContext()),
            new GroupCommit.Limits(TIMEOUT, 64, 1),
            batch -> {
              Promise<List<Future<Integer>>> answer = Promise.promise();
              vertx.setTimer(
                  1, id -> answer.complete(batch.stream().map(Future::succeededFuture).toList()));
              return answer.future();
            });
    List<Future<Boolean>> done = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      int number = i;
      Context context = vertx.getOrCreateContext();
      Promise<Boolean> right = Promise.promise();
      context.runOnContext(
          v ->
              group
                  .submit(number)
                  .map(answer -> answer == number && Vertx.currentContext() == context)
                  .onComplete(right));
      done.add(right.future());
    }
    assertThat(done).allSatisfy(f -> assertThat(get(f)).isTrue());
    assertThat(get(group.submit(7))).isEqualTo(7);
  }

  /** A transport that answers before {@code send} returns, as one does that refuses everything. */
  private static Future<List<Future<String>>> atOnce(List<String> batch) {
    return Future.succeededFuture(batch.stream().map(Wire::one).toList());
  }

  private GroupCommit<String, String> over(
      Transport<String, String> transport, KeyRules<String> rules) {
    return new GroupCommit<>(time, new GroupCommit.Limits(TIMEOUT, 8, 2), transport, rules);
  }

  @Test
  void aTransportThatAnswersAtOnceNeedsNoStack() {
    GroupCommit<String, String> group = over(GroupCommitTest::atOnce, request -> "one key");
    List<Future<String>> answers = new ArrayList<>();
    Future<String> first = group.submit("first");
    // Asked for while an answer is delivered: all of them wait at once.
    first.onSuccess(
        answer -> IntStream.range(0, 100_000).forEach(i -> answers.add(group.submit("r"))));
    Future<String> second = group.submit("second");
    second.onSuccess(
        answer -> IntStream.range(0, 100_000).forEach(i -> answers.add(group.submit("s"))));
    time.run();
    assertThat(answers).hasSize(200_000).allMatch(Future::succeeded);
    assertThat(group.submit("later").result()).isEqualTo("LATER");
  }

  @Test
  void callersThatAskAgainAtEveryAnswerDoNotKeepTheThread() {
    int[] asked = new int[1];
    GroupCommit<String, String> group = over(GroupCommitTest::atOnce, null);
    Runnable[] ask = new Runnable[1];
    ask[0] =
        () -> {
          if (asked[0]++ < 100_000) {
            group.submit("again").onSuccess(answer -> ask[0].run());
          }
        };
    ask[0].run();
    assertThat(asked[0]).as("it lets others run in between").isLessThan(1_000);
    time.run();
    assertThat(asked[0]).isEqualTo(100_001);
  }

  @Test
  void listenersThatThrowDoNoHarm() {
    for (Throwable thrown : List.of(new IllegalStateException("mine"), new StackOverflowError())) {
      wire.batches.clear();
      wire.answers.clear();
      List<Throwable> reported = new ArrayList<>();
      GroupCommit<String, String> group = keyed(100, 1);
      List<Future<String>> answers = new ArrayList<>();
      reporting(
          reported,
          () -> {
            for (String request : List.of("a1", "b1", "bad", "c1")) {
              Future<String> answer = group.submit(request);
              answer.onComplete(done -> sneak(thrown));
              answers.add(answer);
            }
            wire.answer(0);
            wire.answer(1);
            Future<String> late = group.submit("a2");
            late.onComplete(done -> sneak(thrown));
            answers.add(late);
            wire.answers.get(2).fail("broken");
            Future<String> never = group.submit("d1");
            never.onComplete(done -> sneak(thrown));
            answers.add(never);
            time.advance(TIMEOUT);
            Future<String> next = group.submit("a3");
            wire.answer(4);
            assertThat(next.result()).isEqualTo("A3");
            Future<String> closed = group.submit("a4");
            closed.onComplete(done -> sneak(thrown));
            answers.add(closed);
            answers.add(group.submit("a5"));
            group.close();
          });
      assertThat(answers).allMatch(Future::isComplete);
      assertThat(reported).hasSize(answers.size() - 1).allMatch(t -> t == thrown);
    }
  }

  /** Catches what is thrown on a thread without context. */
  private static void reporting(List<Throwable> reported, Runnable action) {
    Thread thread = Thread.currentThread();
    Thread.UncaughtExceptionHandler before = thread.getUncaughtExceptionHandler();
    thread.setUncaughtExceptionHandler((where, thrown) -> reported.add(thrown));
    try {
      action.run();
    } finally {
      thread.setUncaughtExceptionHandler(before);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Test
  void aTransportThatThrowsOrAnswersNonsenseFailsItsRequestsOnly() {
    List<Supplier<Future<List<Future<String>>>>> nonsense =
        List.of(
            () -> {
              throw new StackOverflowError();
            },
            () -> null,
            () -> Future.succeededFuture(null),
            () -> Future.succeededFuture(List.of()),
            () -> Future.succeededFuture(Arrays.asList((Future<String>) null)));
    for (Supplier<Future<List<Future<String>>>> answer : nonsense) {
      boolean[] sane = new boolean[1];
      GroupCommit<String, String> group =
          over(batch -> sane[0] ? atOnce(batch) : answer.get(), request -> request);
      assertThat(group.submit("a").failed()).isTrue();
      sane[0] = true;
      Future<String> next = group.submit("a");
      time.run();
      assertThat(next.result()).isEqualTo("A");
    }
  }

  @Test
  void aTransportThatThrowsWhenItStalledDoesNoHarm() {
    List<Throwable> reported = new ArrayList<>();
    GroupCommit<String, String> group =
        over(
            new Transport<>() {
              @Override
              public Future<List<Future<String>>> send(List<String> batch) {
                return batch.contains("silent")
                    ? Promise.<List<Future<String>>>promise().future()
                    : atOnce(batch);
              }

              @Override
              public void stalled() {
                throw new IllegalStateException("mine");
              }
            },
            null);
    Future<String> silent = group.submit("silent");
    reporting(reported, () -> time.advance(TIMEOUT));
    assertThat(silent.failed()).isTrue();
    assertThat(reported).hasSize(1);
    Future<String> again = group.submit("silent");
    reporting(reported, () -> time.advance(TIMEOUT));
    assertThat(again.failed()).isTrue();
    assertThat(group.submit("a").result()).isEqualTo("A");
  }

  @Test
  void aKeyThatCannotBeComputedFailsItsRequestOnly() {
    GroupCommit<String, String> group = over(GroupCommitTest::atOnce, request -> request.charAt(0));
    assertThat(group.submit("").failed()).isTrue();
    assertThat(group.submit("a").result()).isEqualTo("A");
  }

  @Test
  @ExtendWith(VertxExtension.class)
  void whatAListenerThrowsOnAnEventLoopGoesToItsContext(Vertx vertx) {
    GroupCommit<String, String> group =
        new GroupCommit<>(
            new ContextScheduler(vertx, vertx.getOrCreateContext()),
            new GroupCommit.Limits(TIMEOUT, 64, 1),
            batch -> vertx.timer(1).map(batch.stream().map(Wire::one).toList()));
    List<Future<String>> answers = new ArrayList<>();
    Promise<Throwable> reported = Promise.promise();
    Context context = vertx.getOrCreateContext();
    context.exceptionHandler(reported::tryComplete);
    Promise<Void> asked = Promise.promise();
    context.runOnContext(
        v -> {
          for (int i = 0; i < 8; i++) {
            Future<String> answer = group.submit("r" + i);
            answer.onComplete(done -> sneak(new IllegalStateException("mine")));
            answers.add(answer);
          }
          asked.complete();
        });
    get(asked.future());
    assertThat(get(reported.future())).hasMessage("mine");
    assertThat(answers).allSatisfy(answer -> assertThat(get(answer)).startsWith("R"));
  }

  /** Requests such as {@code keep:t1}, {@code ask:t2} and {@code read:t3}, all of one key. */
  private static final KeyRules<String> OF_ONE_KEY =
      new KeyRules<>() {
        @Override
        public Object key(String request) {
          return "one";
        }

        @Override
        public KeyRules.Rank rank(String request) {
          return switch (request.substring(0, request.indexOf(':'))) {
            case "keep" -> KeyRules.Rank.RENEWAL;
            case "ask" -> KeyRules.Rank.CHANGE;
            default -> KeyRules.Rank.READ;
          };
        }

        @Override
        public Object holder(String request) {
          return request.endsWith(":any") ? null : request.substring(request.indexOf(':') + 1);
        }
      };

  /** What was sent, one batch after the other, when each is answered before the next. */
  private List<String> sentInOrder(String... requests) {
    GroupCommit<String, String> group = over(wire, OF_ONE_KEY);
    group.submit("ask:first");
    for (String request : requests) {
      group.submit(request);
    }
    for (int i = 0; i < wire.batches.size(); i++) {
      wire.answer(i);
    }
    assertThat(wire.batches.get(0)).containsExactly("ask:first");
    return wire.batches.subList(1, wire.batches.size()).stream()
        .map(batch -> String.join(" ", batch))
        .toList();
  }

  @Test
  void aRenewalDoesNotWaitForThoseWhoAsk() {
    assertThat(sentInOrder("ask:t1", "read:t2", "ask:t3", "keep:t4", "keep:t5"))
        .containsExactly("keep:t4", "keep:t5", "ask:t1", "read:t2", "ask:t3");
  }

  @Test
  void noRenewalOvertakesAnEarlierRequestOfItsHolderOrOfNone() {
    assertThat(sentInOrder("ask:t1", "ask:t2", "keep:t2", "keep:t1", "ask:t2", "keep:t3"))
        .containsExactly("keep:t3", "ask:t1", "ask:t2", "keep:t2", "keep:t1", "ask:t2");
  }

  @Test
  void noRenewalOvertakesWhatMayEndAnyHolding() {
    assertThat(sentInOrder("ask:t1", "ask:any", "keep:t2", "ask:t3"))
        .containsExactly("ask:t1", "ask:any", "keep:t2", "ask:t3");
  }

  @Test
  void requestsOfOneKeyAreAnsweredAsIfSentInTheirOrder() {
    assertThat(sentInOrder("read:1", "read:2", "ask:t1", "read:1", "ask:t2", "read:3"))
        .containsExactly("read:1 read:2", "ask:t1", "read:1", "ask:t2", "read:3");
  }

  @Test
  void readsOfOneKeyTravelTogetherAndEqualOnesAreAskedOnce() {
    GroupCommit<String, String> group = over(wire, OF_ONE_KEY);
    group.submit("ask:t");
    List<Future<String>> answers = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      answers.add(group.submit("read:" + i % 2));
    }
    wire.answer(0);
    assertThat(wire.batches.get(1)).containsExactly("read:0", "read:1");
    wire.answer(1);
    assertThat(answers).extracting(Future::result).containsOnly("READ:0", "READ:1");
    assertThat(wire.batches).hasSize(2);
  }

  @Test
  void noRequestIsOvertakenForever() {
    GroupCommit<String, String> group = over(wire, OF_ONE_KEY);
    group.submit("keep:0");
    Future<String> asked = group.submit("ask:t");
    for (int i = 1; i <= WaitingByKey.PATIENCE; i++) {
      group.submit("keep:" + i);
      group.submit("keep:" + i);
      wire.answer(i - 1);
    }
    assertThat(asked.isComplete()).isFalse();
    wire.answer(WaitingByKey.PATIENCE);
    wire.answer(WaitingByKey.PATIENCE + 1);
    assertThat(asked.result()).isEqualTo("ASK:T");
  }

  @Test
  void aReadWhoseCallersHaveAllGoneIsNotSent() {
    GroupCommit<String, String> group = over(wire, OF_ONE_KEY);
    group.submit("ask:t");
    Future<String> read = group.submit("read:t");
    time.advance(TIMEOUT);
    assertThat(read.failed()).isTrue();
    time.run();
    assertThat(wire.batches).hasSize(1);
    group.submit("ask:u");
    assertThat(wire.batches).hasSize(2).last().isEqualTo(List.of("ask:u"));
  }
}
