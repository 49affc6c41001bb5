package dev.conclave.bench;

import java.io.IOException;
import org.HdrHistogram.Histogram;

/** Somebody who can run uncontended cycles. */
interface Runner extends AutoCloseable {
  /**
   * What a measurement gave.
   *
   * @param perSecond cycles per second
   * @param cpuMicros processor time of the client per cycle, in microseconds; NaN when unknown
   * @param latencies of single cycles, in nanoseconds
   * @param errors how many cycles failed
   * @param firstError what the first of them failed with, or null
   */
  record Result(
      double perSecond, double cpuMicros, Histogram latencies, long errors, String firstError) {}

  String id();

  String title();

  Result cycles(int inFlight, long millis) throws IOException;

  @Override
  void close() throws IOException;
}
