package dev.conclave.backend.kubernetes;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * What every elector on Kubernetes reads and writes, field by field as client-go does. Times are
 * the writer's wall clock, for people: nobody decides by them.
 *
 * @param holder {@code holderIdentity}; empty when nobody holds it
 * @param durationSeconds {@code leaseDurationSeconds}
 * @param acquireTime when this holding began
 * @param renewTime when it was renewed last
 * @param transitions how many holdings there were before this one
 */
record LeaderRecord(
    String holder, int durationSeconds, String acquireTime, String renewTime, int transitions) {
  /** A record that says nothing yet. */
  static final LeaderRecord NONE = new LeaderRecord("", 0, null, null, 0);

  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /** A moment as Kubernetes' {@code MicroTime} is written. */
  static String time(Instant moment) {
    return MICRO_TIME.format(moment);
  }
}
