package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event.Type;
import dev.conclave.chaos.verdict.EventLog;
import io.vertx.core.Context;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/**
 * Blocks the worker's event loop as long as its standard input says: from {@link #BLOCK} to {@link
 * #UNBLOCK}, or to the end of the input, which comes when who gives commands is gone.
 */
public final class WorkerCommands {
  public static final String BLOCK = "block";
  public static final String UNBLOCK = "unblock";

  private final Context context;
  private final EventLog log;

  WorkerCommands(Context context, EventLog log) {
    this.context = context;
    this.log = log;
    Thread thread = new Thread(this::read, "commands");
    thread.setDaemon(true);
    thread.start();
  }

  private void read() {
    CountDownLatch blocked = new CountDownLatch(0);
    try {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        blocked.countDown();
        if (line.equals(BLOCK)) {
          CountDownLatch until = new CountDownLatch(1);
          blocked = until;
          context.runOnContext(v -> block(until));
        }
      }
    } catch (IOException gone) {
      // no more commands arrive
    }
    blocked.countDown();
  }

  private void block(CountDownLatch until) {
    long from = System.nanoTime();
    try {
      until.await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    log.span(Type.FAULT, "worker", "", from, "blocked event loop");
  }
}
