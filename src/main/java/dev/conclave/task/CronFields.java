package dev.conclave.task;

import com.cronutils.model.Cron;
import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.field.CronFieldName;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.Set;

/**
 * What the cron library knows of an expression: its matches on a calendar without a time zone.
 * Zones are not its strength, so it is only asked in UTC, where no hour is missing and none comes
 * twice.
 */
final class CronFields {
  private static final Set<String> EVERY_HOUR = Set.of("*", "*/1", "0/1", "0-23");

  private final ExecutionTime times;
  private final boolean everyHour;

  /** Throws whatever the library throws when it does not understand the expression. */
  CronFields(String expression, boolean seconds) {
    CronType type = seconds ? CronType.SPRING53 : CronType.UNIX;
    Cron cron =
        new CronParser(CronDefinitionBuilder.instanceDefinitionFor(type))
            .parse(expression)
            .validate();
    times = ExecutionTime.forCron(cron);
    everyHour = EVERY_HOUR.contains(cron.retrieve(CronFieldName.HOUR).getExpression().asString());
  }

  /** The first match after the reading of a wall clock. */
  Optional<LocalDateTime> next(LocalDateTime after) {
    return times.nextExecution(after.atZone(ZoneOffset.UTC)).map(found -> found.toLocalDateTime());
  }

  /** Whether the expression names no hour: it then means elapsed time, not a time of the day. */
  boolean isEveryHour() {
    return everyHour;
  }
}
