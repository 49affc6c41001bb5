package dev.conclave.bench;

import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What one loop has done. Written by one thread at a time. */
final class Tally {
  private static final long LONGEST = TimeUnit.MINUTES.toNanos(2);

  private final Histogram latencies = histogram();
  private long done;
  private long errors;
  private String firstError;

  /** A histogram of nanoseconds with two significant digits. */
  static Histogram histogram() {
    return new Histogram(LONGEST, 2);
  }

  void done(long nanos) {
    done++;
    latencies.recordValue(Math.min(LONGEST, Math.max(0, nanos)));
  }

  void failed(Throwable cause) {
    errors++;
    if (firstError == null) {
      firstError = String.valueOf(cause);
    }
  }

  long done() {
    return done;
  }

  long errors() {
    return errors;
  }

  /** Adds it all to what the process reports. */
  void addTo(JsonObject report, Histogram all) {
    all.add(latencies);
    report.put("done", report.getLong("done", 0L) + done);
    report.put("errors", report.getLong("errors", 0L) + errors);
    if (firstError != null) {
      report.put("firstError", firstError);
    }
  }

  static String encode(Histogram histogram) {
    ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(buffer.array(), length));
  }

  static Histogram decode(String encoded) {
    return Histogram.decodeFromByteBuffer(
        ByteBuffer.wrap(Base64.getDecoder().decode(encoded)), LONGEST);
  }
}
