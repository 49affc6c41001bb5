package dev.conclave.task.schedule;

import static dev.conclave.task.schedule.CronField.HOUR;
import static dev.conclave.task.schedule.CronField.MINUTE;
import static dev.conclave.task.schedule.CronField.MONTH;
import static dev.conclave.task.schedule.CronField.SECOND;

import dev.conclave.task.schedule.CronField.Refused;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.YearMonth;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A cron expression on a calendar without a time zone, where every hour occurs exactly once. Sets
 * of numbers are the bits of a {@code long}.
 */
public final class CronFields {
  /** The calendar repeats after 400 years: an expression without a match by then never matches. */
  private static final int MONTHS = 400 * 12 + 1;

  private static final long EVERY_HOUR = (1L << 24) - 1;

  private static final Map<String, String> NAMED =
      new TreeMap<>(
          Map.of(
              "@yearly", "0 0 1 1 *",
              "@annually", "0 0 1 1 *",
              "@monthly", "0 0 1 * *",
              "@weekly", "0 0 * * 0",
              "@daily", "0 0 * * *",
              "@midnight", "0 0 * * *",
              "@hourly", "0 * * * *"));

  private final long seconds;
  private final long minutes;
  private final long hours;
  private final CronDays days;
  private final long months;

  /**
   * Parses an expression.
   *
   * @throws Refused with a reason that names the field, the value and the rule
   */
  public CronFields(String expression) {
    String[] texts = named(expression.strip()).split("\\s+");
    boolean six = texts.length == 6;
    if (!six && texts.length != 5 || texts[0].isEmpty()) {
      int count = texts[0].isEmpty() ? 0 : texts.length;
      throw new Refused(
          "it has "
              + count
              + (count == 1 ? " field" : " fields")
              + ", expected 5 (minute to day of week) or 6 (second first); a year is not supported");
    }
    int first = six ? 1 : 0;
    seconds = six ? values(SECOND, texts[0]) : 1;
    minutes = values(MINUTE, texts[first]);
    hours = values(HOUR, texts[first + 1]);
    months = values(MONTH, texts[first + 3]);
    days = new CronDays(texts[first + 2], texts[first + 4], six);
    if (nextDay(LocalDate.of(2000, 1, 1)).isEmpty()) {
      throw new Refused("it never matches");
    }
  }

  /** The first match after this local time. */
  public Optional<LocalDateTime> next(LocalDateTime after) {
    LocalDateTime from = after.withNano(0).plusSeconds(1);
    LocalDate date = from.toLocalDate();
    LocalTime time = isDay(date) ? time(from.toLocalTime()) : null;
    return time != null
        ? Optional.of(date.atTime(time))
        : nextDay(date).map(day -> day.atTime(time(LocalTime.MIDNIGHT)));
  }

  /** Whether every hour matches: the expression then means elapsed time, not a time of the day. */
  public boolean isEveryHour() {
    return hours == EVERY_HOUR;
  }

  private static String named(String expression) {
    if (!expression.startsWith("@")) {
      return expression;
    }
    String fields = NAMED.get(expression.toLowerCase(Locale.ROOT));
    if (fields == null) {
      throw new Refused("it is unknown; expected one of " + String.join(", ", NAMED.keySet()));
    }
    return fields;
  }

  private static long values(CronField field, String text) {
    long values = 0;
    for (String element : text.split(",", -1)) {
      values |= field.values(element);
    }
    return values;
  }

  private boolean isDay(LocalDate date) {
    return contains(months, date.getMonthValue())
        && contains(days.in(YearMonth.from(date)), date.getDayOfMonth());
  }

  /** The first day after this one that matches. */
  private Optional<LocalDate> nextDay(LocalDate after) {
    YearMonth month = YearMonth.from(after);
    int from = after.getDayOfMonth() + 1;
    for (int i = 0; i < MONTHS; i++) {
      int day = contains(months, month.getMonthValue()) ? first(days.in(month), from) : -1;
      if (day > 0) {
        return Optional.of(month.atDay(day));
      }
      month = month.plusMonths(1);
      from = 1;
    }
    return Optional.empty();
  }

  /** The first time of a day from this one on, or null. */
  private LocalTime time(LocalTime from) {
    int hour = first(hours, from.getHour());
    int minute = hour == from.getHour() ? first(minutes, from.getMinute()) : -1;
    int second = minute == from.getMinute() ? first(seconds, from.getSecond()) : -1;
    if (second >= 0) {
      return LocalTime.of(hour, minute, second);
    }
    if (minute >= 0 && minute == from.getMinute()) {
      minute = first(minutes, minute + 1);
    }
    if (minute >= 0) {
      return LocalTime.of(hour, minute, first(seconds, 0));
    }
    if (hour == from.getHour()) {
      hour = first(hours, hour + 1);
    }
    return hour < 0 ? null : LocalTime.of(hour, first(minutes, 0), first(seconds, 0));
  }

  private static boolean contains(long values, int value) {
    return (values >> value & 1) == 1;
  }

  /** The first of the values from this one on, or -1. */
  private static int first(long values, int from) {
    long rest = values >>> from << from;
    return rest == 0 ? -1 : Long.numberOfTrailingZeros(rest);
  }
}
