package dev.conclave.testing;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting in tests: always bounded, generously, because machines are noisy. */
public final class Async {
  /** No test waits longer than this for one thing. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private Async() {}

  /** The future's value; what it failed with is thrown as it is. */
  public static <T> T get(Future<T> future) {
    try {
      return future
          .toCompletionStage()
          .toCompletableFuture()
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new CompletionException(e.getCause());
    } catch (TimeoutException e) {
      throw new AssertionError("nothing came within " + PATIENCE, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** What the future fails with; an error when it succeeds. */
  public static Throwable failureOf(Future<?> future) {
    try {
      Object value = get(future);
      throw new AssertionError("expected a failure, but got " + value);
    } catch (RuntimeException failure) {
      return failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
    }
  }

  /** Looks every few milliseconds until the condition holds. */
  public static void eventually(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + PATIENCE + ": " + what);
      }
      pause(Duration.ofMillis(5));
    }
  }

  /** Lets real time pass, for servers whose clock no test can set. */
  public static void pause(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
