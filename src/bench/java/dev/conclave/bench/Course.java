package dev.conclave.bench;

/**
 * What a loop runs: acquire, perhaps look for others, release, again and again.
 *
 * @param names the locks it takes in turn; a power of two of them
 * @param who the number of the loop, unique among all processes of the run; not 0
 * @param startAt when to begin, on the monotonic clock that all processes of a machine share
 * @param endAt when to begin no further cycle
 * @param witness checks exclusion and makes the wait for the grant what is timed; null when the
 *     whole cycle is timed
 */
record Course(String[] names, long who, long startAt, long endAt, Witness witness) {

  String name(long cycle) {
    return names[(int) cycle & (names.length - 1)];
  }
}
