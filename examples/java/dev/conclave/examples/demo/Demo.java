package dev.conclave.examples.demo;

import dev.conclave.backend.Backends;

/** What {@code mvn compile exec:java} starts. */
public final class Demo {
  private Demo() {}

  /** Shows the configuration it was given, {@code -Dconf=…}. */
  public static void main(String[] args) {
    String conf = System.getProperty("conf", "conf/memory.json");
    System.out.println("Conclave, by " + conf + ", with " + Backends.class.getSimpleName());
  }
}
