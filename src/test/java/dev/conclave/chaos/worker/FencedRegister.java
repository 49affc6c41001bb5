package dev.conclave.chaos.worker;

import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** {@link Fenced} values in the memory of the harness, over TCP: a line a request. */
public final class FencedRegister implements AutoCloseable {
  static final String STALE = "stale";

  private static final class Slot {
    private long fence;
    private long value;
  }

  private final Map<String, Slot> slots = new HashMap<>();
  private final ServerSocket listener;
  private final EventLog log;
  private long order;

  public FencedRegister(EventLog log) {
    this.log = log;
    try {
      listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket worker = listener.accept();
        worker.setTcpNoDelay(true);
        daemon(() -> serve(worker));
      } catch (IOException closed) {
        // closed, or a worker that went away at once
      }
    }
  }

  private void serve(Socket worker) {
    try (worker;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8))) {
      OutputStream out = worker.getOutputStream();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.write((answer(line.split(" ")) + "\n").getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException gone) {
      // the worker was killed
    }
  }

  /** {@code read key fence 0 id} and {@code write key fence value id}. */
  private synchronized String answer(String[] request) {
    Slot slot = slots.computeIfAbsent(request[1], key -> new Slot());
    long fence = Long.parseLong(request[2]);
    if (fence < slot.fence) {
      return STALE;
    }
    slot.fence = fence;
    boolean writes = request[0].equals("write");
    if (writes) {
      slot.value = Long.parseLong(request[3]);
    }
    String value = Long.toString(slot.value);
    Event.Type type = writes ? Event.Type.WRITE : Event.Type.READ;
    log.add(type, "register " + request[1], request[4], order++, fence, 0, value);
    return value;
  }

  private static void daemon(Runnable action) {
    Thread thread = new Thread(action, "register");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
