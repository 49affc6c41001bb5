package dev.conclave.backend.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The public label of this process, for owners that nobody has named: {@code host:pid}. */
public final class ProcessLabel {
  private static final String LABEL = host() + ":" + ProcessHandle.current().pid();

  private ProcessLabel() {}

  /** The label; it never changes while the process runs. */
  public static String get() {
    return LABEL;
  }

  private static String host() {
    String name = System.getenv("HOSTNAME");
    if (name != null && !name.isBlank()) {
      return name;
    }
    try {
      // Asking the resolver could block; the kernel knows the name.
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException elsewhere) {
      return "localhost";
    }
  }
}
