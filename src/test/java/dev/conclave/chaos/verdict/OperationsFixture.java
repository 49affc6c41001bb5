package dev.conclave.chaos.verdict;

import dev.conclave.chaos.verdict.LeaseOperation.Kind;
import dev.conclave.chaos.verdict.LeaseOperation.Outcome;
import java.util.ArrayList;
import java.util.List;

/** Histories for the tests of the checks, in which every lease has the same duration. */
final class OperationsFixture {
  static final long LEASE = 1_000;

  private final List<LeaseOperation> all = new ArrayList<>();
  private String process = "p";

  List<LeaseOperation> all() {
    return all;
  }

  /** What follows is asked by this process. */
  OperationsFixture by(String name) {
    process = name;
    return this;
  }

  void add(Kind kind, String token, long from, long to, Outcome outcome, long fence) {
    add(kind, token, 0, from, to, outcome, fence);
  }

  private void add(
      Kind kind, String token, long patience, long from, long to, Outcome outcome, long fence) {
    all.add(new LeaseOperation(kind, token, LEASE, patience, process, from, to, outcome, fence));
  }

  /** Granted with this fencing token, or refused when it is 0. */
  void acquire(String token, long from, long to, long fence) {
    add(Kind.ACQUIRE, token, from, to, fence > 0 ? Outcome.YES : Outcome.NO, fence);
  }

  /** Refused, with a position in the queue. */
  void waits(String token, long from, long to, long patience) {
    add(Kind.ACQUIRE, token, patience, from, to, Outcome.NO, 0);
  }

  void extend(String token, long from, long to, boolean done) {
    add(Kind.EXTEND, token, from, to, yes(done), 0);
  }

  void release(String token, long from, long to, boolean done) {
    add(Kind.RELEASE, token, from, to, yes(done), 0);
  }

  void leave(String token, long from, long to) {
    add(Kind.LEAVE, token, from, to, Outcome.NO, 0);
  }

  void revoke(long from, long to, boolean done) {
    add(Kind.REVOKE, "-", from, to, yes(done), 0);
  }

  /** A holder with this fencing token is found, or none when it is 0. */
  void find(long from, long to, long fence) {
    add(Kind.FIND, "-", from, to, yes(fence > 0), fence);
  }

  void owns(String token, long from, long to, boolean does) {
    add(Kind.OWNS, token, from, to, yes(does), 0);
  }

  private static Outcome yes(boolean done) {
    return done ? Outcome.YES : Outcome.NO;
  }
}
