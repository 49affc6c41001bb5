package dev.conclave.chaos.worker;

import io.vertx.core.Future;

/** A value that is protected by fencing tokens: smaller ones than the greatest seen are refused. */
interface Fenced {
  /** Where the value is; part of the keys in the log. */
  String name();

  /** The value, from now on refused to smaller tokens; null when this one is stale. */
  Future<Long> read(String key, long fence, String id);

  /** Sets the value; false when the token is stale. Fails when the outcome is unknown. */
  Future<Boolean> write(String key, long fence, long value, String id);
}
