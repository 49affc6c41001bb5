package dev.conclave.testing;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Signals that the JDK cannot send to a process. */
public final class Signals {
  private Signals() {}

  /**
   * Sends any signal by name, such as {@code STOP} or {@code CONT}.
   *
   * @return 0 when it was sent
   */
  public static int send(String name, long pid) {
    try {
      return new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
