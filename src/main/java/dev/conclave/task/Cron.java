package dev.conclave.task;

import dev.conclave.error.ErrorCode;
import dev.conclave.task.schedule.CronField;
import dev.conclave.task.schedule.CronFields;
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
 * A cron expression in a time zone, and the moments that match it.
 *
 * <p>Five fields are those of Unix: minute, hour, day of month, month, day of week. If both day
 * fields are restricted (do not begin with {@code *}), a moment matches when <em>either</em> does.
 * Six fields begin with the second, and support {@code L}, {@code W}, {@code #} and {@code ?} too;
 * <em>both</em> day fields have to match. In both forms, {@code 0} and {@code 7} are Sunday and
 * {@code 1} is Monday, as in Unix and Spring; <b>Quartz counts from 1 for Sunday</b>, so its {@code
 * 2-6} is {@code MON-FRI} or {@code 1-5} here. Both forms support names, lists, ranges and steps. A
 * range may wrap ({@code FRI-MON}, {@code 22-2}), and {@code 5/20} runs from 5 to the end of
 * the range. {@code
 * @hourly}, {@code @daily} ({@code @midnight}), {@code @weekly}, {@code @monthly} and {@code
 * @yearly} ({@code @annually}) stand for five fields. Moments are whole seconds.
 *
 * <p>When clocks are set forward or back:
 *
 * <ol>
 *   <li>An expression that names hours means times of the day, and <b>each fires once</b>. A time
 *       that is skipped fires at the moment the clocks are set forward, together with all other
 *       skipped times. A time that occurs twice fires at its first occurrence.
 *   <li>An expression for every hour (hour field {@code *}) means elapsed time: it fires whenever
 *       the local time matches, so it also fires in an hour that is repeated. Each moment is still
 *       one tick.
 * </ol>
 */
public final class Cron {
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
   * The expression in this zone.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} when the expression is
   *     malformed or never matches
   */
  public static Cron of(String expression, ZoneId zone) {
    if (expression == null || zone == null) {
      throw ErrorCode.INVALID.failure((expression == null ? "cron" : "zone") + " is missing");
    }
    try {
      return new Cron(expression, zone, new CronFields(expression));
    } catch (CronField.Refused refused) {
      throw ErrorCode.INVALID.failure(
          "cron '" + expression + "' is refused: " + refused.getMessage());
    }
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

  /** The first matching moment after this one, or empty when there is none. */
  public Optional<Instant> next(Instant after) {
    return fields.isEveryHour() ? nextReading(after) : nextTimeOfDay(after);
  }

  /** The first matching moments after this one, at most {@code count}. */
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
   * Maps times of the day to moments, never backwards: a skipped time to the end of the gap, a time
   * that occurs twice to its first occurrence. The result is the first match whose moment is after
   * the given one.
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
      // Within the second occurrence of an hour: all its matches have passed.
      reading =
          change != null && change.isOverlap()
              ? change.getDateTimeBefore().minusSeconds(1)
              : match.get();
    }
    return Optional.empty();
  }

  /** Between two clock changes, local times and moments advance together. */
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
}
