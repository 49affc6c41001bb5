package dev.conclave.election;

import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/** The label of a worker that was given none: where it runs, and a random end. */
final class WorkerName {
  private static final String HOST =
      Stream.of("HOSTNAME", "COMPUTERNAME")
          .map(System::getenv)
          .filter(name -> name != null && !name.isBlank() && name.length() <= 100)
          .findFirst()
          .orElse("worker");

  private WorkerName() {}

  static String make() {
    int end = ThreadLocalRandom.current().nextInt(0x1000000);
    return HOST + "-" + ProcessHandle.current().pid() + "-" + String.format("%06x", end);
  }
}
