package dev.conclave.task.schedule;

import static dev.conclave.task.schedule.CronField.DAY_OF_MONTH;
import static dev.conclave.task.schedule.CronField.DAY_OF_WEEK;

import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The two day fields of a cron expression: which days of a month match. Days are bits of a number;
 * bit 1 is the first of the month.
 *
 * <ol>
 *   <li>Five fields: a day matches when either field does, if both are restricted. A field that
 *       begins with {@code *} is not restricted.
 *   <li>Six fields: both have to match. A list may mix plain values with {@code L}, {@code L-3},
 *       {@code LW}, {@code 15W} (day of month), {@code 5L}, {@code 5#2} (day of week).
 *   <li>{@code W} never leaves the month. A day that a month does not have does not match.
 * </ol>
 */
final class CronDays {
  /** The days of one element of a list. */
  private interface Rule {
    long days(YearMonth month);
  }

  private static final String WEEKDAYS = "SUN|MON|TUE|WED|THU|FRI|SAT";

  private final List<Rule> ofMonth;
  private final List<Rule> ofWeek;
  private final boolean either;

  CronDays(String ofMonth, String ofWeek, boolean special) {
    this.ofMonth = new ArrayList<>();
    this.ofWeek = new ArrayList<>();
    for (String element : elements(DAY_OF_MONTH, ofMonth, special)) {
      this.ofMonth.add(special ? specialDayOfMonth(element) : dayOfMonth(element));
    }
    for (String element : elements(DAY_OF_WEEK, ofWeek, special)) {
      this.ofWeek.add(special ? specialDayOfWeek(element) : dayOfWeek(element));
    }
    this.either = !special && !ofMonth.startsWith("*") && !ofWeek.startsWith("*");
  }

  /** The days of the month that match. */
  long in(YearMonth month) {
    long first = days(ofMonth, month);
    long second = days(ofWeek, month);
    return either ? first | second : first & second;
  }

  private static long days(List<Rule> rules, YearMonth month) {
    long days = 0;
    for (Rule rule : rules) {
      days |= rule.days(month);
    }
    return days;
  }

  private static String[] elements(CronField field, String text, boolean special) {
    String withoutNames = text.toUpperCase(Locale.ROOT).replaceAll(WEEKDAYS, "");
    if (!special && withoutNames.matches(".*[LW?#].*")) {
      throw field.refused("", text, "needs six fields: L, W, # and ? are unknown in five");
    }
    return special && text.equals("?") ? new String[] {"*"} : text.split(",", -1);
  }

  private static Rule specialDayOfMonth(String element) {
    String upper = element.toUpperCase(Locale.ROOT);
    if (upper.equals("L")) {
      return month -> bit(month.lengthOfMonth());
    }
    if (upper.equals("LW")) {
      return month -> bit(nearestWeekday(month, month.lengthOfMonth()));
    }
    if (upper.startsWith("L-")) {
      int before = DAY_OF_MONTH.number(" offset", element.substring(2), 1, 30);
      return month -> before < month.lengthOfMonth() ? bit(month.lengthOfMonth() - before) : 0;
    }
    if (upper.endsWith("W")) {
      int day = DAY_OF_MONTH.value(element.substring(0, element.length() - 1));
      return month -> day <= month.lengthOfMonth() ? bit(nearestWeekday(month, day)) : 0;
    }
    return dayOfMonth(element);
  }

  private static Rule specialDayOfWeek(String element) {
    String upper = element.toUpperCase(Locale.ROOT);
    int hash = element.indexOf('#');
    if (hash >= 0) {
      int weekday = DAY_OF_WEEK.value(element.substring(0, hash)) % 7;
      int number = DAY_OF_WEEK.number(" number", element.substring(hash + 1), 1, 5);
      return month -> {
        int day = first(month, weekday) + 7 * (number - 1);
        return day <= month.lengthOfMonth() ? bit(day) : 0;
      };
    }
    if (upper.equals("L")) {
      throw DAY_OF_WEEK.refused("", element, "needs a day, as in 5L for the last Friday");
    }
    if (upper.endsWith("L")) {
      int weekday = DAY_OF_WEEK.value(element.substring(0, element.length() - 1)) % 7;
      return month -> {
        int day = first(month, weekday);
        return bit(day + (month.lengthOfMonth() - day) / 7 * 7);
      };
    }
    return dayOfWeek(element);
  }

  private static Rule dayOfMonth(String element) {
    long days = DAY_OF_MONTH.values(element);
    return month -> days & (1L << month.lengthOfMonth() + 1) - 1;
  }

  private static Rule dayOfWeek(String element) {
    long weekdays = DAY_OF_WEEK.values(element);
    return month -> {
      long days = 0;
      int weekday = weekday(month, 1);
      for (int day = 1; day <= month.lengthOfMonth(); day++) {
        days |= (weekdays >> weekday & 1) << day;
        weekday = (weekday + 1) % 7;
      }
      return days;
    };
  }

  /** The weekday of the month that is nearest to the day: Friday before, Monday after. */
  private static int nearestWeekday(YearMonth month, int day) {
    return switch (weekday(month, day)) {
      case 6 -> day > 1 ? day - 1 : day + 2;
      case 0 -> day < month.lengthOfMonth() ? day + 1 : day - 2;
      default -> day;
    };
  }

  /** The first day of the month that is this weekday. */
  private static int first(YearMonth month, int weekday) {
    return 1 + Math.floorMod(weekday - weekday(month, 1), 7);
  }

  /** 0 is Sunday. */
  private static int weekday(YearMonth month, int day) {
    return month.atDay(day).getDayOfWeek().getValue() % 7;
  }

  private static long bit(int day) {
    return 1L << day;
  }
}
