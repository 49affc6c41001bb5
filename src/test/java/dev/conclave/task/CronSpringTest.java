package dev.conclave.task;

import static java.time.ZoneOffset.UTC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.task.CronSource.Field;
import dev.conclave.task.schedule.Ticks;
import io.vertx.serviceproxy.ServiceException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.scheduling.support.CronExpression;

/**
 * Our cron expressions against Spring's, over generated expressions and instants.
 *
 * <p>The known differences: a step of {@code *} in the day of week counts from Sunday here, from
 * Monday in Spring; ranges that wrap are read here only; {@code 31W} and {@code L-30} stay in their
 * month here; a step that is greater than the field is refused here; Spring stops searching after
 * some years. Spring also misses the Monday that {@code 1W} means in a month that begins on a
 * Saturday, when its search comes to the Sunday before; {@link #mondays} finds it.
 */
class CronSpringTest {
  /** For each seed. */
  private static final int EXPRESSIONS = 5_000;

  private static final long FIRST = LocalDateTime.of(2000, 1, 1, 0, 0).toEpochSecond(UTC);
  private static final long SPAN = 80L * 365 * 86_400;

  /** A fixed seed, one that found a difference, and one that is new in each run. */
  static Stream<Long> seeds() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("CronSpringTest: new seed " + seed);
    return Stream.of(20_260_101L, 851_784_821_987_619_408L, seed);
  }

  private static Instant instant(CronSource source) {
    return Instant.ofEpochSecond(
        FIRST + source.random().nextLong(SPAN), source.random().nextInt(1_000_000_000));
  }

  /** Our expression, or nothing when it never matches. */
  private static Optional<Cron> ours(String expression, ZoneId zone) {
    try {
      return Optional.of(Cron.of(expression, zone));
    } catch (ServiceException refused) {
      assertThat(refused).hasMessageContaining("never matches");
      return Optional.empty();
    }
  }

  private static String ours(List<Field> fields, int from) {
    return fields.stream().skip(from).map(Field::ours).collect(Collectors.joining(" "));
  }

  private static CronExpression spring(List<Field> fields) {
    return CronExpression.parse(
        fields.stream().map(Field::spring).collect(Collectors.joining(" ")));
  }

  /** Where both day fields of five are restricted, each by itself; else one for all. */
  private static List<CronExpression> five(List<Field> fields) {
    Field any = new Field("*", "*");
    if (!fields.get(3).isRestricted() || !fields.get(5).isRestricted()) {
      return List.of(spring(fields));
    }
    List<Field> month = new ArrayList<>(fields);
    List<Field> week = new ArrayList<>(fields);
    month.set(5, any);
    week.set(3, any);
    return List.of(spring(month), spring(week));
  }

  /**
   * With {@code 1W} replaced by the third of the month, for {@link #isMissed}. Empty without {@code
   * 1W}.
   */
  private static List<CronExpression> mondays(List<Field> fields, boolean six) {
    Field day = fields.get(3);
    if (!List.of(day.spring().split(",")).contains("1W")) {
      return List.of();
    }
    List<Field> third = new ArrayList<>(fields);
    third.set(3, new Field("3", "3"));
    if (!six) {
      third.set(5, new Field("*", "*"));
    }
    return List.of(spring(third));
  }

  /** Whether this day is the one for {@code 1W} in a month that begins on a Saturday. */
  private static boolean isMissed(LocalDateTime found) {
    return found.getDayOfMonth() == 3 && found.getDayOfWeek() == DayOfWeek.MONDAY;
  }

  private static Optional<Instant> next(
      List<CronExpression> springs, List<CronExpression> mondays, Instant after) {
    LocalDateTime from = LocalDateTime.ofInstant(after, UTC);
    Stream<LocalDateTime> missed =
        mondays.stream()
            .flatMap(
                third ->
                    Stream.iterate(
                            third.next(from),
                            found -> found != null,
                            found -> third.next(found.toLocalDate().atTime(LocalTime.MAX)))
                        .limit(400) // such days may be excluded by another field
                        .filter(CronSpringTest::isMissed)
                        .limit(1));
    return Stream.concat(springs.stream().map(spring -> spring.next(from)), missed)
        .filter(found -> found != null)
        .map(found -> found.toInstant(UTC))
        .min(Instant::compareTo);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void nextIsWhatSpringFinds(long seed) {
    CronSource source = new CronSource(seed);
    int found = 0;
    for (int i = 0; i < EXPRESSIONS; i++) {
      boolean six = source.random().nextInt(4) > 0;
      List<Field> fields = source.fields(six);
      String expression = ours(fields, six ? 0 : 1);
      List<CronExpression> springs = six ? List.of(spring(fields)) : five(fields);
      List<CronExpression> mondays = mondays(fields, six);
      Optional<Cron> cron = ours(expression, UTC);
      Instant at = instant(source);
      for (int step = 0; step < 3; step++) {
        Optional<Instant> expected = next(springs, mondays, at);
        Optional<Instant> next = cron.flatMap(after(at));
        if (expected.isEmpty()) {
          Instant far = at.plus(3 * 365, ChronoUnit.DAYS);
          assertThat(next.filter(tick -> tick.isBefore(far)))
              .as("seed %d, '%s' after %s: Spring finds nothing", seed, expression, at)
              .isEmpty();
          break;
        }
        assertThat(next)
            .as("seed %d, '%s' (Spring: %s) after %s", seed, expression, springs, at)
            .isEqualTo(expected);
        found++;
        at = next.orElseThrow();
      }
    }
    assertThat(found).as("moments that were compared").isGreaterThan(2 * EXPRESSIONS);
  }

  private static Function<Cron, Optional<Instant>> after(Instant at) {
    return cron -> cron.next(at);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theLastTickIsTheOneThatStepsOfNextEndWith(long seed) {
    CronSource source = new CronSource(seed);
    int found = 0;
    for (int i = 0; i < EXPRESSIONS / 5; i++) {
      boolean six = source.random().nextInt(4) > 0;
      Optional<Cron> cron = ours(ours(source.fields(six), six ? 0 : 1), UTC);
      if (cron.isEmpty()) {
        continue;
      }
      Ticks ticks = cron.get()::next;
      Instant now = instant(source);
      Optional<Instant> last = ticks.last(now);
      Instant before =
          last.flatMap(tick -> ticks.last(tick.minusNanos(1))).orElse(now.minus(Ticks.HORIZON));
      Instant stepped = null;
      for (Instant at = before; ; ) {
        Instant next = ticks.next(at).filter(tick -> !tick.isAfter(now)).orElse(null);
        if (next == null) {
          break;
        }
        stepped = next;
        at = next;
      }
      assertThat(last)
          .as("seed %d, '%s' at %s", seed, cron.get(), now)
          .isEqualTo(Optional.ofNullable(stepped));
      found += last.isPresent() ? 1 : 0;
    }
    assertThat(found).isGreaterThan(EXPRESSIONS / 8);
  }

  // ---- days on which clocks are changed

  private static final List<String> ZONES =
      List.of(
          "Europe/Zurich",
          "America/New_York",
          "America/St_Johns",
          "America/Sao_Paulo",
          "America/Santiago",
          "Atlantic/Azores",
          "Africa/Cairo",
          "Africa/Casablanca",
          "Asia/Beirut",
          "Antarctica/Troll",
          "Australia/Lord_Howe",
          "Pacific/Chatham",
          "Pacific/Apia");

  @ParameterizedTest
  @MethodSource("seeds")
  void whereClocksAreChangedTheRuleOfTheClassHolds(long seed) {
    CronSource source = new CronSource(seed);
    for (int i = 0; i < 60; i++) {
      ZoneId zone = ZoneId.of(ZONES.get(source.random().nextInt(ZONES.size())));
      List<Field> fields = source.fields(false);
      Optional<Cron> cron = ours(ours(fields, 1), zone);
      ZoneOffsetTransition change =
          zone.getRules()
              .nextTransition(Instant.ofEpochSecond(FIRST + source.random().nextLong(700_000_000)));
      if (cron.isEmpty() || change == null) {
        continue;
      }
      LocalDateTime begin = change.getDateTimeBefore().toLocalDate().minusDays(1).atStartOfDay();
      LocalDateTime end = begin.plusDays(4);
      Instant from = begin.atZone(zone).toInstant();
      Instant to = end.atZone(zone).toInstant();
      List<Instant> walked = walk(five(fields), isEveryHour(fields.get(2)), zone, begin, end);
      List<Instant> stepped = new ArrayList<>();
      Optional<Instant> next = cron.get().next(from.minusNanos(1));
      while (next.isPresent() && next.get().isBefore(to)) {
        stepped.add(next.get());
        next = cron.get().next(next.get());
      }
      assertThat(stepped).as("seed %d, %s around %s", seed, cron.get(), change).isEqualTo(walked);
    }
  }

  private static boolean isEveryHour(Field hours) {
    CronExpression spring = CronExpression.parse("0 0 " + hours.spring() + " * * *");
    LocalDateTime at = LocalDateTime.of(2025, 12, 31, 23, 30);
    for (int hour = 0; hour < 24; hour++) {
      LocalDateTime next = spring.next(at);
      if (!next.equals(at.plusMinutes(30).truncatedTo(ChronoUnit.HOURS))) {
        return false;
      }
      at = at.plusHours(1);
    }
    return true;
  }

  /** Every minute that a clock on the wall shows, and every one that it skips. */
  private static List<Instant> walk(
      List<CronExpression> springs,
      boolean everyHour,
      ZoneId zone,
      LocalDateTime begin,
      LocalDateTime end) {
    ZoneRules rules = zone.getRules();
    TreeSet<Instant> fires = new TreeSet<>();
    if (everyHour) {
      Instant to = end.atZone(zone).toInstant();
      for (Instant at = begin.atZone(zone).toInstant(); at.isBefore(to); at = at.plusSeconds(60)) {
        if (matches(springs, LocalDateTime.ofInstant(at, zone))) {
          fires.add(at);
        }
      }
    } else {
      for (LocalDateTime reading = begin; reading.isBefore(end); reading = reading.plusMinutes(1)) {
        if (matches(springs, reading)) {
          ZoneOffsetTransition change = rules.getTransition(reading);
          fires.add(
              change != null && change.isGap()
                  ? change.getInstant()
                  : reading.toInstant(rules.getValidOffsets(reading).get(0)));
        }
      }
    }
    return List.copyOf(fires);
  }

  private static boolean matches(List<CronExpression> springs, LocalDateTime reading) {
    return springs.stream()
        .anyMatch(spring -> reading.equals(spring.next(reading.minusSeconds(1))));
  }

  // ---- the known differences

  @Test
  void aStepInTheDayOfWeekCountsFromSunday() {
    LocalDateTime saturday = LocalDateTime.of(2026, 1, 3, 12, 0);
    assertThat(CronExpression.parse("0 0 0 * * */2").next(saturday))
        .hasToString("2026-01-04T00:00");
    assertThat(days("0 0 0 * * */2", saturday)).containsExactly("SUN", "TUE", "THU", "SAT");
    assertThat(days("0 0 * * */2", saturday)).containsExactly("SUN", "TUE", "THU", "SAT");
  }

  private static List<String> days(String expression, LocalDateTime after) {
    return Cron.of(expression).next(after.toInstant(UTC), 4).stream()
        .map(at -> at.atZone(UTC).getDayOfWeek().name().substring(0, 3))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "0 0 0 31W 5 ?, 2026-05-29T00:00:00Z", // a Sunday: Spring says 1 June
    "0 0 0 28W 2 ?, 2027-02-26T00:00:00Z",
    "0 0 0 30W 8 ?, 2026-08-31T00:00:00Z",
    "0 0 0 L-30 * ?, 2026-07-01T00:00:00Z" // Spring says 31 May, for June
  })
  void daysCountedFromOthersStayInTheMonth(String expression, String expected) {
    Instant before = Instant.parse(expected).minus(25, ChronoUnit.DAYS);
    assertThat(Cron.of(expression).next(before)).contains(Instant.parse(expected));
  }

  @Test
  void rangesThatWrapAreReadHereOnly() {
    assertThatThrownBy(() -> CronExpression.parse("0 0 22-2 * * *"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Cron.of("0 0 22-2 * * *").next(Instant.parse("2026-01-01T00:30:00Z"), 3))
        .hasToString("[2026-01-01T01:00:00Z, 2026-01-01T02:00:00Z, 2026-01-01T22:00:00Z]");
  }
}
