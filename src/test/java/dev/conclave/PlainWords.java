package dev.conclave;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds words that this project does not use.
 *
 * <ol>
 *   <li>Of Java, the comments and string literals are read: code is masked, so that a phrase is
 *       found across the lines of a comment and across the parts of a concatenation.
 *   <li>The names of tests are read word by word, and so are the names of classes.
 *   <li>Of everything else, all text is read.
 * </ol>
 */
final class PlainWords {
  /** A hit: its line, from 1, and the words. */
  record Hit(int line, String words) {}

  private static final Pattern PHRASES =
      Pattern.compile(
          "\\b(?:can not|for ever|beside|nobody|somebody|whoever|reckon(?:s|ed|ing)?|surely"
                  .replace(" ", "\\s+")
              + "|wish(?:es|ed|ing)?|hear(?:s|d|ing)?|told"
              + "|(?:gives?|gave|given|giving)\\s+back"
              + "|is\\s+no(?!\\s+(?:longer|more))|what\\s+is\\s+not)\\b",
          Pattern.CASE_INSENSITIVE);

  private static final Set<String> PARTS_OF_CLASSES =
      Set.of("Ask", "Courier", "Crowded", "Looks", "Teller", "Outside", "Calls", "Line");

  /** A comment, a text block or a literal. */
  private static final Pattern TEXT =
      Pattern.compile(
          "/\\*.*?\\*/|//[^\n]*"
              + "|\"\"\"(?:[^\"\\\\]++|\\\\.|\"(?!\"\"))*+\"\"\""
              + "|\"(?:[^\"\\\\\n]++|\\\\.)*+\"|'(?:\\\\.|[^'\\\\])'",
          Pattern.DOTALL);

  private static final Pattern TYPE =
      Pattern.compile("\\b(?:class|interface|record|enum)\\s+([A-Z]\\w*)");
  private static final Pattern METHOD = Pattern.compile("\\bvoid\\s+([a-z]\\w*)\\s*\\(");
  private static final Pattern LEADER = Pattern.compile("(?m)^[ \t]*(?:\\*|//|--|#|>)+");
  private static final Pattern ESCAPE = Pattern.compile("\\\\.", Pattern.DOTALL);

  /** Stands for code, in which no phrase can be. */
  private static final char CODE = '¤';

  private final String text;
  private final List<Hit> hits = new ArrayList<>();

  private PlainWords(String text) {
    this.text = text;
  }

  /** What is found in the text of a file of this name; in the names of methods if it is a test. */
  static List<Hit> in(String name, String text) {
    PlainWords words = new PlainWords(text);
    if (name.endsWith(".java")) {
      words.java(name.contains("src/test/"));
    } else {
      words.phrases(LEADER.matcher(text).replaceAll(PlainWords::blank));
    }
    return words.hits;
  }

  private void java(boolean test) {
    StringBuilder prose = new StringBuilder();
    StringBuilder code = new StringBuilder();
    Matcher part = TEXT.matcher(text);
    int end = 0;
    while (part.find()) {
      between(text.substring(end, part.start()), prose, code);
      prose.append(prose(part.group()));
      code.append(part.group().replaceAll("[^\n]", " "));
      end = part.end();
    }
    between(text.substring(end), prose, code);
    phrases(prose.toString());
    classes(code);
    if (test) {
      methods(code);
    }
  }

  private static void between(String code, StringBuilder prose, StringBuilder all) {
    all.append(code);
    prose.append(code.replace('+', ' ').replaceAll("\\S", String.valueOf(CODE)));
  }

  private static String prose(String part) {
    if (part.startsWith("/")) {
      String inside = "  " + part.substring(2);
      return LEADER.matcher(inside).replaceAll(PlainWords::blank).replace("*/", "  ");
    }
    return ESCAPE.matcher(part).replaceAll(PlainWords::blank).replace('"', ' ');
  }

  private static String blank(java.util.regex.MatchResult match) {
    return match.group().replaceAll("[^\n]", " ");
  }

  private void phrases(String prose) {
    Matcher phrase = PHRASES.matcher(prose);
    while (phrase.find()) {
      hit(phrase.start(), phrase.group());
    }
  }

  private void classes(CharSequence code) {
    Matcher type = TYPE.matcher(code);
    while (type.find()) {
      String name = type.group(1);
      List<String> words = List.of(name.split("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"));
      if (words.stream().anyMatch(PARTS_OF_CLASSES::contains) || name.contains("RestPace")) {
        hit(type.start(1), name);
      }
    }
  }

  private void methods(CharSequence code) {
    Matcher method = METHOD.matcher(code);
    while (method.find()) {
      String words = method.group(1).replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ");
      if (PHRASES.matcher(words).find()) {
        hit(method.start(1), method.group(1));
      }
    }
  }

  private void hit(int at, String words) {
    int line = 1 + (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
    hits.add(new Hit(line, words.replaceAll("\\s+", " ")));
  }
}
