package dev.conclave.model;

import java.util.List;

/**
 * How much is explored. All faults together count against one budget.
 *
 * @param processes how many processes there are
 * @param faults how many faults there are at most: messages held back or lost, processes paused or
 *     crashed
 * @param anyOrder whether requests sent at one instant arrive in any order; otherwise they arrive in
 *     the order they were sent, unless one is held back
 * @param horizon until when there are faults, in milliseconds of the store's clock
 * @param tick while something is held back, time stops at every multiple of so many milliseconds,
 *     and at every deadline, so that it may arrive there
 * @param rates how fast a process's clock may run, in thousandths of the store's
 */
record Bounds(
    int processes, int faults, boolean anyOrder, long horizon, long tick, List<Integer> rates) {
  /** As fast as the margin of {@link dev.conclave.time.Validity} allows, in either direction. */
  static final List<Integer> WITHIN_THE_MARGIN = List.of(1000, 990, 1010);

  Bounds withFaults(int some) {
    return new Bounds(processes, some, anyOrder, horizon, tick, rates);
  }

  Bounds withRates(Integer... some) {
    return new Bounds(processes, faults, anyOrder, horizon, tick, List.of(some));
  }
}
