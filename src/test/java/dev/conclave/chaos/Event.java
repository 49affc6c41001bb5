package dev.conclave.chaos;

import io.vertx.core.json.JsonObject;

/**
 * One line of a worker's log. Times are the machine's monotonic clock in nanoseconds, which all
 * processes of one machine share.
 *
 * @param worker which process
 * @param type what happened
 * @param key which lock or election
 * @param id which attempt or holding, unique in the whole history
 * @param at when
 * @param fence the fencing token, or 0
 * @param until for claims: until when the handle says it is valid; for requests: the deadline
 * @param outcome for answers: what came of it
 */
record Event(
    String worker,
    Type type,
    String key,
    String id,
    long at,
    long fence,
    long until,
    String outcome) {

  enum Type {
    /** A lock is asked for; {@code until} is the caller's deadline. */
    ASK,
    /** The answer: {@code granted} or an error code. */
    ANSWER,
    /** A handle says it is valid until {@code until}. */
    CLAIM,
    /** A handle is about to be released, or has been told that it is lost. */
    END,
    /** A fenced write was accepted; {@code at} is the register's order, not a time. */
    WRITE,
    /**
     * {@code isLeader()} was true at this instant, until {@code until} at least as far as known.
     */
    LEADS,
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
