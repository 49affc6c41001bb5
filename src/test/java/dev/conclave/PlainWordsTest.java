package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Comments, messages, names and documents are written in plain English: see {@link PlainWords}. */
class PlainWordsTest {
  /**
   * What may stay.
   *
   * @param file the end of its path
   * @param words as they are found; empty for all of the file
   * @param reason why it may stay
   */
  private record Allowed(String file, String words, String reason) {
    boolean covers(String path, PlainWords.Hit hit) {
      return path.endsWith(file) && (words.isEmpty() || words.equalsIgnoreCase(hit.words()));
    }
  }

  private static final List<Allowed> ALLOWED =
      List.of(
          new Allowed("/PlainWords.java", "", "the list of the words"),
          new Allowed("/PlainWordsTest.java", "", "plants the words"),
          new Allowed("/PgBouncer.java", "nobody", "the name of a user of Unix"));

  private static List<Path> files() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String root : List.of("src/main", "src/test", "examples", "conf", "docs")) {
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        files.filter(PlainWordsTest::isRead).forEach(found::add);
      }
    }
    try (Stream<Path> files = Files.list(Path.of(""))) {
      files.filter(PlainWordsTest::isRead).forEach(found::add);
    }
    return found;
  }

  private static boolean isRead(Path file) {
    return file.toString().matches(".*\\.(java|lua|sql|json|md)");
  }

  @Test
  void everythingIsWrittenInPlainWords() throws IOException {
    List<String> found = new ArrayList<>();
    List<Allowed> unused = new ArrayList<>(ALLOWED);
    for (Path file : files()) {
      for (PlainWords.Hit hit : PlainWords.in(file.toString(), Files.readString(file))) {
        boolean allowed = ALLOWED.stream().anyMatch(e -> e.covers("/" + file, hit));
        unused.removeIf(e -> e.covers("/" + file, hit));
        if (!allowed) {
          found.add(file + ":" + hit.line() + ": " + hit.words());
        }
      }
    }
    assertThat(found).isEmpty();
    assertThat(unused).as("exceptions that nothing needs").isEmpty();
    assertThat(ALLOWED).hasSizeLessThanOrEqualTo(10).noneMatch(e -> e.reason().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "src/main/A.java | // waits for ever",
        "src/main/A.java | /** It can\\n * not be. */",
        "src/main/A.java | /* Given back. */",
        "src/main/A.java | throw new X(\"there is \"\\n + \"no lock\");",
        "src/main/A.java | String s = \"\"\"\\n  what is not\\n  a number\"\"\";",
        "src/main/A.java | char quote = '\"'; // surely",
        "src/main/A.java | s = \"a\\\\nnobody\";",
        "src/main/A.java | final class RedisLine {",
        "src/main/A.java | record RestPace(int a) {",
        "src/test/A.java | void aHolderIsToldOfItsLoss() {",
        "src/main/a.lua | -- whoever comes\\nreturn 1",
        "src/main/a.sql | -- one that can\\n-- not be\\nSELECT 1",
        "conf/a.json | {\"description\": \"as you wish\"}",
        "docs/a.md | Somebody else",
        "CHANGELOG.md | Heard, and reckoned\\nbeside it."
      })
  void aPlantedWordIsFound(String file, String text) {
    assertThat(PlainWords.in(file, text.replace("\\n", "\n").replace("\\\n", "\\n"))).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "src/main/A.java | String wish = told(hear, nobody);",
        "src/main/A.java | s = \"it is \" + x + \" no\";",
        "src/main/A.java | // it is no longer held, and is not a number; heart, besides, inline",
        "src/main/A.java | final class Inline {",
        "src/main/A.java | void told() {",
        "docs/a.md | The lock cannot be held forever."
      })
  void plainWordsAreNot(String file, String text) {
    assertThat(PlainWords.in(file, text)).isEmpty();
  }

  @Test
  void aHitHasItsLine() {
    assertThat(PlainWords.in("src/main/A.java", "class A {\n  /** Told\n   * somebody. */\n}"))
        .containsExactly(new PlainWords.Hit(2, "Told"), new PlainWords.Hit(3, "somebody"));
  }
}
