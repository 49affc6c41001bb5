package dev.conclave.task.schedule;

import java.util.List;

/** A field of a cron expression: the numbers and names it accepts, and their values. */
public enum CronField {
  SECOND("second", 0, 59),
  MINUTE("minute", 0, 59),
  HOUR("hour", 0, 23),
  DAY_OF_MONTH("day of month", 1, 31),
  MONTH(
      "month", 1, 12, "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV",
      "DEC"),
  /** 0 and 7 are Sunday; the value 7 stands for 0. */
  DAY_OF_WEEK("day of week", 0, 7, "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");

  /** Why an expression is refused. */
  public static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String reason) {
      super(reason, null, false, false);
    }
  }

  private final String title;
  private final int min;
  private final int max;
  private final List<String> names;

  CronField(String title, int min, int max, String... names) {
    this.title = title;
    this.min = min;
    this.max = max;
    this.names = List.of(names);
  }

  /**
   * The values of one element of a list, as bits: {@code *}, a value, a range, each with a step. A
   * range may wrap; a value with a step runs to the largest value.
   */
  long values(String element) {
    int slash = element.indexOf('/');
    String range = slash < 0 ? element : element.substring(0, slash);
    int step = slash < 0 ? 1 : step(element.substring(slash + 1));
    int dash = range.indexOf('-');
    if (range.equals("*")) {
      return values(min, max, step);
    }
    if (dash < 0) {
      int from = value(range);
      return values(from, slash < 0 ? from : max, step);
    }
    int from = value(range.substring(0, dash));
    int to = value(range.substring(dash + 1));
    return values(from, to < from ? to + count() : to, step);
  }

  /** The value of a number or a name. */
  int value(String text) {
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(text)) {
        return min + i;
      }
    }
    return number("", text, min, max);
  }

  /** A number of this field, or of its step, offset or ordinal. */
  int number(String what, String text, int least, int most) {
    if (text.isEmpty() || text.length() > 4 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw refused(
          what,
          text,
          "must be a number" + (names.isEmpty() ? "" : " or a name like " + names.get(1)));
    }
    int number = Integer.parseInt(text);
    if (number < least || number > most) {
      throw refused(what, text, "must be from " + least + " to " + most);
    }
    return number;
  }

  Refused refused(String what, String text, String rule) {
    return new Refused(title + what + " '" + text + "' " + rule);
  }

  private int step(String text) {
    return number(" step", text, 1, count());
  }

  private long values(int from, int to, int step) {
    long bits = 0;
    for (int value = from; value <= to; value += step) {
      bits |= 1L << (min + (value - min) % count());
    }
    return bits;
  }

  private int count() {
    return this == DAY_OF_WEEK ? 7 : max - min + 1;
  }
}
