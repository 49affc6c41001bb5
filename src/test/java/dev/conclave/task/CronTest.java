package dev.conclave.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.error.ErrorCode;
import dev.conclave.task.schedule.Ticks;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions and the moments that match them, above all at clock changes. */
class CronTest {
  private static List<String> times(String expression, String zone, String from, int count) {
    ZoneId id = ZoneId.of(zone);
    Instant after = LocalDateTime.parse(from).atZone(id).toInstant();
    return Cron.of(expression, id).next(after, count).stream()
        .map(at -> at.atZone(id).toOffsetDateTime().toString())
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0 2 * * *           | 2026-01-01T02:00Z | 2026-01-02T02:00Z
          */20 * * * *        | 2026-01-01T00:20Z | 2026-01-01T00:40Z
          5/20 * * * *        | 2026-01-01T00:05Z | 2026-01-01T00:25Z
          0 9-17/4 * * *      | 2026-01-01T09:00Z | 2026-01-01T13:00Z
          0 0 1 JAN,mar *     | 2026-03-01T00:00Z | 2027-01-01T00:00Z
          0 0 * * MON-FRI     | 2026-01-02T00:00Z | 2026-01-05T00:00Z
          0 0 * * 7           | 2026-01-04T00:00Z | 2026-01-11T00:00Z
          0 0 * * 0           | 2026-01-04T00:00Z | 2026-01-11T00:00Z
          0 0 13 * 5          | 2026-01-02T00:00Z | 2026-01-09T00:00Z
          0 0 29 2 *          | 2028-02-29T00:00Z | 2032-02-29T00:00Z
          */10 * * * * *      | 2026-01-01T00:00:10Z | 2026-01-01T00:00:20Z
          0 0 0 L * ?         | 2026-01-31T00:00Z | 2026-02-28T00:00Z
          0 0 0 LW * ?        | 2026-01-30T00:00Z | 2026-02-27T00:00Z
          0 0 0 15W * ?       | 2026-01-15T00:00Z | 2026-02-16T00:00Z
          0 0 9 ? * MON#1     | 2026-01-05T09:00Z | 2026-02-02T09:00Z
          0 0 9 ? * 5L        | 2026-01-30T09:00Z | 2026-02-27T09:00Z
          0 0 0 13 * FRI      | 2026-02-13T00:00Z | 2026-03-13T00:00Z
          0 0 0 31W * ?       | 2026-01-30T00:00Z | 2026-03-31T00:00Z
          0 0 0 1,L-1 * ?     | 2026-01-30T00:00Z | 2026-02-01T00:00Z
          0 0 * * SUN-THU     | 2026-01-04T00:00Z | 2026-01-05T00:00Z
          0 0 0 ? * SUN-THU   | 2026-01-04T00:00Z | 2026-01-05T00:00Z
          0 0 * * FRI-SUN     | 2026-01-02T00:00Z | 2026-01-03T00:00Z
          0 0 * * sat-mon     | 2026-01-03T00:00Z | 2026-01-04T00:00Z
          0 0 0 ? * 2-6       | 2026-01-02T00:00Z | 2026-01-03T00:00Z
          0 22-1 * * *        | 2026-01-01T01:00Z | 2026-01-01T22:00Z
          0 0 */2 * MON       | 2026-01-05T00:00Z | 2026-01-19T00:00Z
          @hourly             | 2026-01-01T01:00Z | 2026-01-01T02:00Z
          @daily              | 2026-01-02T00:00Z | 2026-01-03T00:00Z
          @Midnight           | 2026-01-02T00:00Z | 2026-01-03T00:00Z
          @weekly             | 2026-01-04T00:00Z | 2026-01-11T00:00Z
          @monthly            | 2026-02-01T00:00Z | 2026-03-01T00:00Z
          @yearly             | 2027-01-01T00:00Z | 2028-01-01T00:00Z
          @annually           | 2027-01-01T00:00Z | 2028-01-01T00:00Z
          """)
  void readsWhatPeopleWrite(String expression, String first, String second) {
    assertThat(times(expression, "UTC", "2026-01-01T00:00:00", 2)).containsExactly(first, second);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          61 * * * *        | minute '61' must be from 0 to 59
          60 * * * * *      | second '60' must be from 0 to 59
          a b c d e         | minute 'a' must be a number
          0 0 * BAD *       | month 'BAD' must be a number or a name like FEB
          0 0 1 1           | 4 fields, expected 5 (minute to day of week) or 6 (second first)
          ''                | 0 fields
          0 0 * * 1 2 3     | 7 fields, expected 5 (minute to day of week) or 6 (second first); a year is not supported
          0 0 L * *         | day of month 'L' needs six fields
          0 0 1,15W * *     | day of month '1,15W' needs six fields
          0 0 ? * MON       | day of month '?' needs six fields
          0 0 * * WED#1     | day of week 'WED#1' needs six fields
          */0 * * * *       | minute step '0' must be from 1 to 60
          */61 * * * *      | minute step '61' must be from 1 to 60
          0 1- * * *        | hour '' must be a number
          0 ,1 * * *        | hour '' must be a number
          0 0 30 2 *        | never matches
          0 0 0 29 2 8      | day of week '8' must be from 0 to 7
          0 0 0 * 2 MON#6   | day of week number '6' must be from 1 to 5
          0 0 0 ? * L       | day of week 'L' needs a day, as in 5L for the last Friday
          0 0 0 L-31 * ?    | day of month offset '31' must be from 1 to 30
          0 0 0 31W 2 ?     | never matches
          @reboot           | it is unknown; expected one of @annually, @daily, @hourly, @midnight
          """)
  void refusesMalformedExpressions(String expression, String why) {
    assertThatThrownBy(() -> Cron.of(expression))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContaining("cron '" + expression + "'")
        .hasMessageContaining(why);
  }

  @Test
  void aTimeThatIsSkippedFiresOnceWhenClocksArePutForward() {
    assertThat(times("30 2 * * *", "Europe/Zurich", "2026-03-28T12:00", 2))
        .containsExactly("2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00");
    assertThat(times("0,15,30,45 2 * * *", "Europe/Zurich", "2026-03-28T12:00", 2))
        .containsExactly("2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00");
    assertThat(times("30 2,3 * * *", "America/New_York", "2026-03-07T12:00", 3))
        .containsExactly(
            "2026-03-08T03:00-04:00", "2026-03-08T03:30-04:00", "2026-03-09T02:30-04:00");
    assertThat(times("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", 2))
        .containsExactly("2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00");
    // Clocks go forward at midnight: 00:00 does not exist on that day.
    assertThat(times("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", 2))
        .containsExactly("2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00");
    // A whole day that was skipped.
    assertThat(times("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00", 1))
        .containsExactly("2011-12-31T00:00+14:00");
  }

  @Test
  void aTimeThatComesTwiceFiresAtItsFirstComing() {
    assertThat(times("30 2 * * *", "Europe/Zurich", "2026-10-24T12:00", 2))
        .containsExactly("2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00");
    assertThat(times("0,30 1,2 * * *", "America/New_York", "2026-10-31T12:00", 5))
        .containsExactly(
            "2026-11-01T01:00-04:00",
            "2026-11-01T01:30-04:00",
            "2026-11-01T02:00-05:00",
            "2026-11-01T02:30-05:00",
            "2026-11-02T01:00-05:00");
    assertThat(times("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", 2))
        .containsExactly("2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30");
  }

  @Test
  void everyHourMeansElapsedTimeAndDoesNotFallSilent() {
    assertThat(times("*/30 * * * *", "Europe/Zurich", "2026-10-25T01:30", 6))
        .containsExactly(
            "2026-10-25T02:00+02:00",
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:00+01:00",
            "2026-10-25T02:30+01:00",
            "2026-10-25T03:00+01:00",
            "2026-10-25T03:30+01:00");
    assertThat(times("30 * * * *", "Europe/Zurich", "2026-03-29T00:30", 3))
        .containsExactly(
            "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", "2026-03-29T04:30+02:00");
    assertThat(times("0,30 * * * *", "Australia/Lord_Howe", "2026-04-05T01:00", 3))
        .containsExactly(
            "2026-04-05T01:30+11:00", "2026-04-05T01:30+10:30", "2026-04-05T02:00+10:30");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo",
        "America/Santiago", "Asia/Kathmandu", "Pacific/Chatham", "Africa/Casablanca"
      })
  void aTimeOfTheDayFiresOnceADayForYears(String zone) {
    ZoneId id = ZoneId.of(zone);
    for (int hour = 0; hour < 4; hour++) {
      Cron cron = Cron.of("30 " + hour + " * * *", id);
      Instant at = Instant.parse("2020-01-01T00:00:00Z");
      Set<Object> days = new HashSet<>();
      ZonedDateTime first = null;
      ZonedDateTime last = null;
      for (int i = 0; i < 800; i++) {
        Instant next = cron.next(at).orElseThrow();
        assertThat(next).isAfter(at);
        last = next.atZone(id);
        first = first == null ? last : first;
        assertThat(days.add(last.toLocalDate())).as("second fire on %s", last).isTrue();
        boolean skipped = id.getRules().getTransition(last.toLocalDate().atTime(hour, 30)) != null;
        if (!skipped) {
          assertThat(last.toLocalTime()).isEqualTo(LocalTime.of(hour, 30));
        }
        at = next;
      }
      assertThat(first.toLocalDate().plusDays(799)).isEqualTo(last.toLocalDate());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0 2 * * *", "* * 2 * * *", "0 0 29 2 *", "*/7 * * * *", "0 0 1 1 *"})
  void theLastTickIsTheOneThatNextFindsFromJustBefore(String expression) {
    Cron cron = Cron.of(expression, ZoneId.of("Europe/Zurich"));
    Ticks ticks = cron::next;
    Instant now = Instant.parse("2026-03-29T00:10:00.5Z");
    for (int i = 0; i < 40; i++) {
      Instant last = ticks.last(now).orElseThrow();
      assertThat(last).isBeforeOrEqualTo(now);
      assertThat(cron.next(last).orElseThrow()).isAfter(now);
      assertThat(cron.next(last.minusSeconds(1))).contains(last);
      assertThat(ticks.last(last)).contains(last);
      now = now.plus(Duration.ofMinutes(17)).plusMillis(333);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"* * * * * *", "*/1 * * * * *", "0-59 * * * * *", "1-59 * * * * *"})
  void ticksAreWholeSecondsWhereverOneAsksFrom(String expression) {
    assertThat(Cron.of(expression).next(Instant.parse("2026-01-01T00:00:30.277Z")))
        .contains(Instant.parse("2026-01-01T00:00:31Z"));
  }

  @Test
  void theGridHasMultiplesOfItsPeriod() {
    Ticks grid = Ticks.grid(Duration.ofSeconds(30));
    assertThat(grid.next(Instant.parse("2026-01-01T00:00:00Z")))
        .contains(Instant.parse("2026-01-01T00:00:30Z"));
    assertThat(grid.last(Instant.parse("2026-01-01T00:00:59.999Z")))
        .contains(Instant.parse("2026-01-01T00:00:30Z"));
    Instant now = Instant.parse("2026-01-01T00:00:00.005Z");
    assertThat(Ticks.grid(Duration.ofMillis(1)).last(now)).contains(now);
    assertThat(Ticks.grid(Duration.ofMillis(1)).last(now.plusNanos(1))).contains(now);
  }
}
