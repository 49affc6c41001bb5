package dev.conclave.backend.kubernetes.object;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * What every elector on Kubernetes reads and writes, field by field as client-go does. Times are
 * the writer's wall clock, for people: no decision depends on them.
 *
 * @param holder {@code holderIdentity}; empty without a holder
 * @param durationSeconds {@code leaseDurationSeconds}
 * @param acquireTime when this holding began
 * @param renewTime when it was renewed last
 * @param transitions how many holdings there were before this one
 */
public record LeaderRecord(
    String holder, int durationSeconds, String acquireTime, String renewTime, int transitions) {
  /** An empty record. */
  public static final LeaderRecord NONE = new LeaderRecord("", 0, null, null, 0);

  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /** The duration in whole seconds, rounded up: another elector never expires a lease earlier. */
  public static int seconds(Duration duration) {
    return (int) ((duration.toMillis() + 999) / 1000);
  }

  /** A moment as Kubernetes' {@code MicroTime} is written. */
  public static String time(Instant moment) {
    return MICRO_TIME.format(moment);
  }
}
