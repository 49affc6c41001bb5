package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The documents quote examples that are compiled, and name files and tests that exist. */
class ReadmeTest {
  private static final Path EXAMPLES = Path.of("examples/java/dev/conclave/examples");
  private static final Pattern QUOTE =
      Pattern.compile("<!-- example: ([^#\\s]+)#(\\S+) -->\n```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("]\\((?!https?:|#)([^)#]+)(#[^)]*)?\\)");
  private static final Pattern TEST =
      Pattern.compile("`([A-Z][A-Za-z]*(?:Test|Contract|Suite|RealBackend))(?:#([a-zA-Z0-9_]+))?`");

  private static List<Path> documents() throws IOException {
    List<Path> found = new ArrayList<>(List.of(Path.of("README.md")));
    try (Stream<Path> docs = Files.list(Path.of("docs"))) {
      docs.filter(p -> p.toString().endsWith(".md")).forEach(found::add);
    }
    return found;
  }

  @Test
  void quotesAreTheExamplesThatAreCompiled() throws IOException {
    int quotes = 0;
    for (Path document : documents()) {
      Matcher quote = QUOTE.matcher(Files.readString(document));
      while (quote.find()) {
        assertThat(quote.group(3))
            .as("%s quotes %s#%s", document, quote.group(1), quote.group(2))
            .isEqualTo(region(EXAMPLES.resolve(quote.group(1)), quote.group(2)));
        quotes++;
      }
    }
    assertThat(quotes).isGreaterThanOrEqualTo(5);
  }

  @Test
  void linksLeadToFilesThatExist() throws IOException {
    for (Path document : documents()) {
      Path folder = Path.of(".").resolve(document).getParent();
      Matcher link = LINK.matcher(Files.readString(document));
      while (link.find()) {
        assertThat(folder.resolve(link.group(1))).as("link in %s", document).exists();
      }
    }
  }

  @Test
  void testsThatAreNamedExist() throws IOException {
    int named = 0;
    for (Path document : documents()) {
      Matcher test = TEST.matcher(Files.readString(document));
      while (test.find()) {
        Path file = testFile(test.group(1));
        if (test.group(2) != null) {
          assertThat(hierarchy(file))
              .as("%s names %s", document, test.group())
              .contains("void " + test.group(2) + "(");
        }
        named++;
      }
    }
    assertThat(named).isPositive();
  }

  /** The test's own text and that of the classes it extends. */
  private static String hierarchy(Path file) throws IOException {
    String text = Files.readString(file);
    Matcher parent = Pattern.compile("(?m)^(?:[a-z]+ )*class \\w+ extends (\\w+)").matcher(text);
    return parent.find() ? text + hierarchy(testFile(parent.group(1))) : text;
  }

  private static Path testFile(String simpleName) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      List<Path> found =
          files.filter(p -> p.getFileName().toString().equals(simpleName + ".java")).toList();
      assertThat(found).as("test class %s", simpleName).hasSize(1);
      return found.get(0);
    }
  }

  private static String region(Path file, String tag) throws IOException {
    List<String> lines = Files.readAllLines(file);
    List<String> inside = new ArrayList<>();
    boolean in = false;
    for (String line : lines) {
      if (line.contains("end::" + tag + "[]")) {
        in = false;
      }
      if (in && !line.contains("tag::") && !line.contains("end::")) {
        inside.add(line);
      }
      if (line.contains("tag::" + tag + "[]")) {
        in = true;
      }
    }
    assertThat(inside).as("region %s of %s", tag, file).isNotEmpty();
    while (inside.get(inside.size() - 1).isBlank()) {
      inside.remove(inside.size() - 1);
    }
    int indent =
        inside.stream()
            .filter(line -> !line.isBlank())
            .mapToInt(line -> line.length() - line.stripLeading().length())
            .min()
            .orElse(0);
    StringBuilder text = new StringBuilder();
    inside.forEach(line -> text.append(line.isBlank() ? "" : line.substring(indent)).append('\n'));
    return text.toString();
  }
}
