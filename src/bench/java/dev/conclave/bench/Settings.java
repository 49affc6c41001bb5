package dev.conclave.bench;

import dev.conclave.bench.peers.Contender;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a run does. System properties, all optional:
 *
 * @param sections {@code bench}: which of memory, uncontended, contended, idle, takeover, footprint
 * @param only {@code bench.only}: ids of the contenders that take part; a trailing {@code *} stands
 *     for anything
 * @param rounds {@code bench.rounds}: how often everything is measured, after one round of warm-up
 * @param seconds {@code bench.seconds}: how long one measurement takes
 * @param quick {@code bench.quick=true}: one short round, to try things out
 * @param jvm {@code bench.jvm}: options for the processes of the contenders, separated by spaces
 * @param out {@code bench.out}: the JSON file that is written
 */
record Settings(
    List<String> sections,
    List<String> only,
    int rounds,
    double seconds,
    boolean quick,
    List<String> jvm,
    Path out) {

  static final List<String> ALL =
      List.of("memory", "uncontended", "contended", "idle", "takeover", "footprint");

  static Settings read() {
    boolean quick = Boolean.parseBoolean(text("bench.quick", "false"));
    List<String> sections = list("bench", ",");
    for (String section : sections) {
      if (!ALL.contains(section)) {
        throw new IllegalArgumentException("-Dbench=" + section + " is not one of " + ALL);
      }
    }
    return new Settings(
        sections.isEmpty() ? ALL : sections,
        list("bench.only", ","),
        Integer.parseInt(text("bench.rounds", quick ? "1" : "5")),
        Double.parseDouble(text("bench.seconds", quick ? "1" : "3")),
        quick,
        list("bench.jvm", " "),
        Path.of(text("bench.out", "target/bench.json")));
  }

  private static String text(String key, String otherwise) {
    String value = System.getProperty(key, "");
    return value.isBlank() || value.startsWith("${") ? otherwise : value;
  }

  private static List<String> list(String key, String separator) {
    String value = text(key, "");
    return value.isEmpty() ? List.of() : Arrays.asList(value.trim().split("[" + separator + "]+"));
  }

  boolean takesPart(Contender contender) {
    return only.isEmpty()
        || only.stream()
            .anyMatch(
                wish ->
                    wish.endsWith("*")
                        ? contender.id().startsWith(wish.substring(0, wish.length() - 1))
                        : contender.id().equals(wish));
  }

  /** The contenders of the list that take part. */
  List<Contender> among(Contender... contenders) {
    return Arrays.stream(contenders).filter(this::takesPart).toList();
  }

  long millis() {
    return Math.round(seconds * 1000);
  }
}
