package dev.conclave.model.world;

import java.util.List;

/**
 * How much is explored. All faults together count against one budget.
 *
 * @param processes how many processes there are
 * @param faults how many faults there are at most: messages held back or lost, processes paused or
 *     crashed
 * @param anyOrder whether requests sent at one instant arrive in any order; otherwise they arrive
 *     in the order they were sent, unless one is held back
 * @param horizon until when there are faults, in milliseconds of the store's clock
 * @param tick while something is held back, time stops at every multiple of so many milliseconds,
 *     and at every deadline, so that it may arrive there
 * @param rates how fast each process's clock may run, in thousandths of the store's
 */
public record Bounds(
    int processes, int faults, boolean anyOrder, long horizon, long tick, List<Integer> rates) {

  /** Three processes with good clocks, whose requests arrive in the order they were sent. */
  public Bounds(int faults, long horizon) {
    this(3, faults, false, horizon, 500, List.of(1000));
  }

  public Bounds withFaults(int some) {
    return new Bounds(processes, some, anyOrder, horizon, tick, rates);
  }

  /** Every process's clock runs at any of these rates. */
  public Bounds withRates(Integer... some) {
    return new Bounds(processes, faults, anyOrder, horizon, tick, List.of(some));
  }

  /** Every process's clock is 1 % slow or 1 % fast. */
  public Bounds withDrift() {
    return withRates(990, 1010);
  }

  /** Requests sent at one instant arrive in any order. */
  public Bounds inAnyOrder() {
    return new Bounds(processes, faults, true, horizon, tick, rates);
  }

  public Bounds ofProcesses(int some) {
    return new Bounds(some, faults, anyOrder, horizon, tick, rates);
  }

  public Bounds deeper(int by) {
    Bounds more = withFaults(faults + by);
    return by > 0 && rates.size() > 1 ? more.withRates(1000, 990, 1010) : more;
  }
}
