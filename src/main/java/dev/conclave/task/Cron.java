package dev.conclave.task;

import dev.conclave.backend.ErrorCode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A cron expression in a time zone, and the moments it stands for.
 *
 * <p>Five fields are those of Unix: minute, hour, day of month, month, day of week (0 or 7 is
 * Sunday); a moment matches when <em>either</em> day field does, if both are restricted. Six fields
 * begin with the second and know {@code L}, {@code W}, {@code #} and {@code ?} too; <em>both</em>
 * day fields have to match. Names, lists, ranges and steps go in both.
 *
 * <p>Where clocks are put forward or back:
 *
 * <ol>
 *   <li>An expression that names hours means times of the day, and <b>each fires once</b>. A time
 *       that is skipped fires at the moment the clocks are put forward, together with all others
 *       that are skipped; a time that comes twice fires at its first coming.
 *   <li>An expression for every hour (hour field {@code *}) means elapsed time: it fires whenever a
 *       clock on the wall shows a match, so it does not fall silent while an hour is repeated. Each
 *       moment is still one tick.
 * </ol>
 */
public final class Cron {
  private static final String LIBRARY = "com.cronutils.parser.CronParser";
  private static final int MONTHS_TRIED = 49;

  private final String expression;
  private final ZoneId zone;
  private final CronFields fields;

  private Cron(String expression, ZoneId zone, CronFields fields) {
    this.expression = expression;
    this.zone = zone;
    this.fields = fields;
  }

  /** As {@link #of(String, ZoneId)} in UTC. */
  public static Cron of(String expression) {
    return of(expression, ZoneId.of("UTC"));
  }

  /**
   * The moments of an expression.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the expression is
   *     not understood or never matches, or when the library that reads it is missing
   */
  public static Cron of(String expression, ZoneId zone) {
    if (expression == null || zone == null) {
      throw ErrorCode.INVALID.failure((expression == null ? "cron" : "zone") + " is missing");
    }
    requireLibrary();
    String trimmed = expression.strip();
    int count = trimmed.isEmpty() ? 0 : trimmed.split("\\s+").length;
    if (count != 5 && count != 6) {
      throw refused(
          expression,
          "it has "
              + count
              + (count == 1 ? " field" : " fields")
              + ", expected 5 (minute to day of week) or 6 (second first)");
    }
    CronFields fields;
    try {
      fields = new CronFields(trimmed, count == 6);
    } catch (RuntimeException notUnderstood) {
      throw refused(expression, reason(notUnderstood, count));
    }
    tryOut(expression, fields);
    return new Cron(expression, zone, fields);
  }

  /**
   * The zone of this name.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when there is none
   */
  static ZoneId zone(String name) {
    try {
      return ZoneId.of(name == null ? "" : name);
    } catch (DateTimeException unknown) {
      throw ErrorCode.INVALID.failure(
          "zone '" + name + "' is unknown; expected one like Europe/Zurich or UTC");
    }
  }

  /** The expression as it was written. */
  public String expression() {
    return expression;
  }

  /** The time zone it is read in. */
  public ZoneId zone() {
    return zone;
  }

  /** The same expression in another zone. */
  public Cron in(ZoneId other) {
    return new Cron(expression, other, fields);
  }

  /** The first moment after this one, or empty when there is none any more. */
  public Optional<Instant> next(Instant after) {
    return fields.isEveryHour() ? nextReading(after) : nextTimeOfDay(after);
  }

  /** The first moments after this one, at most so many. */
  public List<Instant> next(Instant after, int count) {
    List<Instant> moments = new ArrayList<>();
    Optional<Instant> found = next(after);
    while (found.isPresent() && moments.size() < count) {
      moments.add(found.get());
      found = next(found.get());
    }
    return moments;
  }

  @Override
  public String toString() {
    return expression + " " + zone;
  }

  /**
   * Times of the day go to moments, never backwards: what is skipped to the end of the gap, what
   * comes twice to its first coming. So the answer is the first match that goes past the moment.
   */
  private Optional<Instant> nextTimeOfDay(Instant after) {
    ZoneRules rules = zone.getRules();
    LocalDateTime reading = LocalDateTime.ofInstant(after, zone);
    for (Optional<LocalDateTime> match = fields.next(reading);
        match.isPresent();
        match = fields.next(reading)) {
      ZoneOffsetTransition change = rules.getTransition(match.get());
      Instant moment =
          change != null && change.isGap()
              ? change.getInstant()
              : match.get().atZone(zone).withEarlierOffsetAtOverlap().toInstant();
      if (moment.isAfter(after)) {
        return Optional.of(moment);
      }
      // Within the second coming of an hour: every match up to its end has been.
      reading =
          change != null && change.isOverlap()
              ? change.getDateTimeBefore().minusSeconds(1)
              : match.get();
    }
    return Optional.empty();
  }

  /** Between two changes of the clocks, readings and moments go in step. */
  private Optional<Instant> nextReading(Instant after) {
    ZoneRules rules = zone.getRules();
    Instant from = after;
    LocalDateTime reading = LocalDateTime.ofInstant(after, zone);
    while (true) {
      Optional<LocalDateTime> match = fields.next(reading);
      if (match.isEmpty()) {
        return Optional.empty();
      }
      Instant moment = match.get().toInstant(rules.getOffset(from));
      ZoneOffsetTransition change = rules.nextTransition(from);
      if (change == null || moment.isBefore(change.getInstant())) {
        return Optional.of(moment);
      }
      from = change.getInstant();
      reading = change.getDateTimeAfter().minusSeconds(1);
    }
  }

  /** The library understands some expressions that it can not follow: finds that out here. */
  private static void tryOut(String expression, CronFields fields) {
    boolean matches = false;
    try {
      LocalDateTime month = LocalDateTime.of(2023, 12, 31, 23, 59);
      for (int i = 0; i < MONTHS_TRIED; i++) {
        matches |= fields.next(month.plusMonths(i)).isPresent();
      }
    } catch (RuntimeException lost) {
      throw refused(expression, lost.getMessage());
    }
    if (!matches) {
      throw refused(expression, "it never matches");
    }
  }

  private static void requireLibrary() {
    try {
      Class.forName(LIBRARY, false, Cron.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError missing) {
      throw ErrorCode.INVALID.failure(
          "cron tasks need a library that is not on the class path: add the dependency"
              + " com.cronutils:cron-utils");
    }
  }

  private static String reason(RuntimeException notUnderstood, int count) {
    String reason = String.valueOf(notUnderstood.getMessage());
    int last = reason.indexOf("expression. ");
    String told = last < 0 ? reason : reason.substring(last + "expression. ".length());
    boolean special = count == 5 && told.contains("nvalid");
    return told + (special ? " (L, W, # and ? need six fields)" : "");
  }

  private static RuntimeException refused(String expression, String reason) {
    return ErrorCode.INVALID.failure("cron '" + expression + "' is refused: " + reason);
  }
}
