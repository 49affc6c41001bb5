package dev.conclave.chaos.verdict;

import io.vertx.core.json.JsonObject;

/**
 * One line of a log. Times are the machine's monotonic clock in nanoseconds, which all processes of
 * one machine share.
 *
 * @param worker which process
 * @param type what happened
 * @param key which lock or election
 * @param id which attempt or holding, unique in the whole history
 * @param at when, or from when
 * @param fence the fencing token, or 0
 * @param until for claims: until when the handle says it is valid; for requests: the deadline; for
 *     what takes time: its end
 * @param outcome for answers: what came of it
 */
public record Event(
    String worker,
    Type type,
    String key,
    String id,
    long at,
    long fence,
    long until,
    String outcome) {

  public enum Type {
    /**
     * A lock is asked for; {@code until} is the caller's deadline, {@code fence} the lease in
     * nanoseconds, {@code outcome} whether it {@code waits}.
     */
    ASK,
    /** The answer: {@code granted} or an error code. */
    ANSWER,
    /**
     * A handle reports that it has some time left: it was polled at {@code at}, and its end is at
     * {@code until} at the earliest and at {@code outcome} at the latest.
     */
    CLAIM,
    /** {@code isValid()} was true at some instant between the times. */
    VALID,
    /** {@code isValid()} was false at some instant between the times. */
    INVALID,
    /** A handle is about to be released, or has been notified that it is lost. */
    END,
    /** The store accepted a fenced write; {@code at} is its order, {@code outcome} the value. */
    WRITE,
    /** A worker received that its write was accepted; it had sent it between the times. */
    WROTE,
    /**
     * The store returned {@code outcome} to a fenced reader; {@code at} is its order among writes.
     */
    READ,
    /** A worker received this value; it had asked between the times. */
    RECEIVED,
    /** A worker received that its fencing token is stale; it had sent it between the times. */
    REFUSED,
    /** {@code isLeader()} was true at some instant between the times. */
    LEADS,
    /**
     * A handle is released, or an election is to resign or to stop: the words of {@code outcome};
     * it has to be answered by {@code until}.
     */
    CALL,
    /** Its answer: {@code true}, {@code false}, {@code done} or an error code. */
    RETURN,
    /**
     * An operation of one lease begins: {@code until} is its duration, {@code fence} how long it
     * keeps its position in the queue.
     */
    OPERATE,
    /** Its answer. */
    OPERATED,
    /** A worker, or its event loop, did not run between the times. */
    STALL,
    /** A fault of this kind was in force between the times. */
    FAULT,
    /** The store may have forgotten between the times what was written before. */
    FORGETS,
    /** A leader was killed, and another led at {@code until}; 0 when none did in time. */
    TAKEN_OVER,
    /** What a worker uses: {@code key} of it, {@code fence} many. */
    USES,
    /** All faults have been healed. */
    HEALED
  }

  String encode() {
    return new JsonObject()
        .put("worker", worker)
        .put("type", type.name())
        .put("key", key)
        .put("id", id)
        .put("at", at)
        .put("fence", fence)
        .put("until", until)
        .put("outcome", outcome)
        .encode();
  }

  static Event decode(String line) {
    JsonObject json = new JsonObject(line);
    return new Event(
        json.getString("worker"),
        Type.valueOf(json.getString("type")),
        json.getString("key"),
        json.getString("id"),
        json.getLong("at"),
        json.getLong("fence"),
        json.getLong("until"),
        json.getString("outcome"));
  }
}
