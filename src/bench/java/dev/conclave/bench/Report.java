package dev.conclave.bench;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What was measured: tables for people, JSON for programs. */
final class Report {
  private final JsonObject json = new JsonObject();
  private final StringBuilder tables = new StringBuilder();

  JsonObject json() {
    return json;
  }

  /** A section's rows, as they are, for the JSON. */
  void rows(String section, JsonArray rows) {
    json.put(section, rows);
  }

  /** A Markdown table; shown at once and kept for the end. */
  void table(String title, List<String> head, List<List<String>> rows) {
    int[] widths = new int[head.size()];
    List<List<String>> all = new ArrayList<>();
    all.add(head);
    all.addAll(rows);
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder("\n### ").append(title).append("\n\n");
    line(text, head, widths);
    text.append('|');
    for (int i = 0; i < widths.length; i++) {
      text.append(i == 0 ? "-".repeat(widths[i] + 2) : "-".repeat(widths[i] + 1) + ":").append('|');
    }
    text.append('\n');
    rows.forEach(row -> line(text, row, widths));
    tables.append(text);
    System.out.println(text);
  }

  private static void line(StringBuilder text, List<String> cells, int[] widths) {
    text.append('|');
    for (int i = 0; i < widths.length; i++) {
      String pad = " ".repeat(widths[i] - cells.get(i).length());
      text.append(' ').append(i == 0 ? cells.get(i) + pad : pad + cells.get(i)).append(" |");
    }
    text.append('\n');
  }

  void write(Path file) throws IOException {
    if (file.getParent() != null) {
      Files.createDirectories(file.getParent());
    }
    Files.writeString(file, json.encodePrettily());
    Files.writeString(Path.of(file + ".md"), tables);
    System.out.println("\nwritten: " + file + " and " + file + ".md");
  }

  static double median(double... values) {
    double[] sorted = Arrays.stream(values).sorted().toArray();
    int half = sorted.length / 2;
    if (sorted.length == 0) {
      return Double.NaN;
    }
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** A rate for people: three digits are all that such a measurement is good for. */
  static String rate(double perSecond) {
    if (Double.isNaN(perSecond)) {
      return "–";
    }
    double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(Math.max(1, perSecond))) - 2));
    return String.format(Locale.ROOT, "%,.0f", Math.round(perSecond / unit) * unit)
        .replace(',', ' ');
  }

  /** A duration in nanoseconds for people, as milliseconds. */
  static String millis(double nanos) {
    double millis = nanos / 1e6;
    return Double.isNaN(nanos)
        ? "–"
        : String.format(Locale.ROOT, millis < 10 ? "%.2f" : millis < 100 ? "%.1f" : "%.0f", millis);
  }

  static String ratio(double value) {
    return Double.isNaN(value)
        ? "–"
        : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
  }
}
