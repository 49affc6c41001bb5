package dev.conclave.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Random cron expressions, in our words and in Spring's, which knows fewer of them. */
final class CronSource {
  private static final String[] MONTHS = {
    "JAN", "FEB", "mar", "APR", "MAY", "jun", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"
  };
  private static final String[] WEEKDAYS = {"SUN", "MON", "tue", "WED", "THU", "fri", "SAT"};

  /** A field's text, ours and Spring's. */
  record Field(String ours, String spring) {
    boolean isRestricted() {
      return !ours.startsWith("*");
    }
  }

  private final Random random;

  CronSource(long seed) {
    random = new Random(seed);
  }

  Random random() {
    return random;
  }

  /** Second, minute, hour, day of month, month, day of week. */
  List<Field> fields(boolean six) {
    List<Field> fields = new ArrayList<>();
    fields.add(six ? field(0, 59) : new Field("0", "0"));
    fields.add(field(0, 59));
    fields.add(field(0, 23));
    fields.add(dayOfMonth(six));
    fields.add(field(1, 12));
    fields.add(dayOfWeek(six));
    return fields;
  }

  private boolean oneIn(int chances) {
    return random.nextInt(chances) == 0;
  }

  private int from(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  private Field field(int min, int max) {
    return oneIn(3) ? new Field("*", "*") : list(() -> element(min, max, max - min + 1));
  }

  private Field dayOfMonth(boolean six) {
    if (oneIn(3)) {
      return six && oneIn(2) ? new Field("?", "?") : new Field("*", "*");
    }
    return list(() -> six && oneIn(2) ? specialDayOfMonth() : element(1, 31, 31));
  }

  private Field dayOfWeek(boolean six) {
    if (oneIn(3)) {
      return six && oneIn(2) ? new Field("?", "?") : new Field("*", "*");
    }
    return list(() -> six && oneIn(2) ? specialDayOfWeek() : element(0, 6, 7));
  }

  private Field list(Supplier<Field> elements) {
    List<Field> list = new ArrayList<>();
    int count = oneIn(2) ? 1 : from(2, 4);
    for (int i = 0; i < count; i++) {
      list.add(elements.get());
    }
    return new Field(
        list.stream().map(Field::ours).collect(Collectors.joining(",")),
        list.stream().map(Field::spring).collect(Collectors.joining(",")));
  }

  private Field specialDayOfMonth() {
    String text =
        switch (random.nextInt(4)) {
          case 0 -> "L";
          case 1 -> "LW";
          case 2 -> "L-" + from(1, 27);
          // Others: Spring leaves the month, see CronSpringTest.
          default -> from(1, 27) + "W";
        };
    return new Field(text, text);
  }

  private Field specialDayOfWeek() {
    String day = oneIn(2) ? String.valueOf(from(0, 7)) : WEEKDAYS[random.nextInt(7)];
    String text = oneIn(2) ? day + "L" : day + "#" + from(1, 5);
    return new Field(text, text);
  }

  private Field element(int min, int max, int count) {
    int from = from(min, max);
    int to = from(min, max);
    int step = from(1, Math.min(count, 20));
    boolean week = count == 7;
    return switch (random.nextInt(6)) {
      case 0, 1 -> same(name(from, count));
      // Spring begins to count at Monday, Unix and Quartz at Sunday.
      case 2 -> new Field("*/" + step, (week ? "0/" : "*/") + step);
      case 3 -> same(from + "/" + step);
      case 4 -> range(name(from, count) + "-" + name(to, count), min, from, to, count, 1);
      default -> range(from + "-" + to + "/" + step, min, from, to, count, step);
    };
  }

  /** A range that wraps is none of Spring's: it gets the values. */
  private static Field range(String text, int min, int from, int to, int count, int step) {
    if (from <= to && !(count == 7 && from == 0)) {
      return same(text);
    }
    return new Field(
        text,
        IntStream.iterate(from, value -> value + step)
            .takeWhile(value -> value <= (from <= to ? to : to + count))
            .mapToObj(value -> String.valueOf(min + (value - min) % count))
            .collect(Collectors.joining(",")));
  }

  private String name(int value, int count) {
    boolean named = oneIn(3);
    return named && count == 12
        ? MONTHS[value - 1]
        : named && count == 7 ? WEEKDAYS[value] : String.valueOf(value);
  }

  private static Field same(String text) {
    return new Field(text, text);
  }
}
