package dev.conclave.lease;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The public label of this process, the default owner of a lease: {@code host:pid}. */
public final class ProcessLabel {
  private static final int LONGEST_HOST = 150;
  private static final String LABEL = label(host(), ProcessHandle.current().pid());

  private ProcessLabel() {}

  /** The label; it never changes while the process runs. */
  public static String get() {
    return LABEL;
  }

  /** A valid owner, whatever the name of the host. */
  static String label(String host, long pid) {
    String plain = host.replaceAll("[\\p{Cc}\\p{Cs}]", "").strip();
    return plain.substring(0, Math.min(plain.length(), LONGEST_HOST)) + ":" + pid;
  }

  private static String host() {
    for (String variable : new String[] {"HOSTNAME", "COMPUTERNAME"}) {
      String name = System.getenv(variable);
      if (name != null && !name.isBlank()) {
        return name;
      }
    }
    try {
      // A request to the resolver could block; reading the kernel's host name does not.
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException elsewhere) {
      return "localhost";
    }
  }
}
