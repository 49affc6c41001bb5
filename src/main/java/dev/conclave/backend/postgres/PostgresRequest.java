package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.support.KeyRules;
import io.vertx.core.json.JsonObject;

/**
 * One request on its way to the database; requests of one {@link Kind} are sent in one statement.
 *
 * @param kind which statement
 * @param space the record's kind
 * @param name the record's name
 * @param token null where the statement needs none
 * @param number the duration in milliseconds, or the mark; 0 where the statement needs none
 * @param owner of an acquire only
 * @param metadata JSON, of an acquire only
 * @param extra an acquire's waiter (JSON), or how to vacate
 * @param deadline on the scheduler's clock: a request that is not sent by then is never sent
 * @param patient whether to wait for a locked record; false after the record was found locked
 */
record PostgresRequest(
    Kind kind,
    String space,
    String name,
    String token,
    long number,
    String owner,
    String metadata,
    String extra,
    long deadline,
    boolean patient) {

  /** How to vacate: the token's lease, offer or position in the queue ends. */
  static final String RELEASE = "release";

  /** How to vacate: any lease ends. */
  static final String REVOKE = "revoke";

  /** In which order requests that wait for one record are sent. */
  static final KeyRules<PostgresRequest> RULES =
      new KeyRules<>() {
        @Override
        public Object key(PostgresRequest request) {
          return request.record();
        }

        @Override
        public KeyRules.Rank rank(PostgresRequest request) {
          return switch (request.kind) {
            case EXTEND -> KeyRules.Rank.RENEWAL;
            case READ, REGISTER -> KeyRules.Rank.READ;
            case ACQUIRE, VACATE, ADVANCE, RETREAT -> KeyRules.Rank.CHANGE;
          };
        }

        @Override
        public Object holder(PostgresRequest request) {
          return request.token;
        }

        /** An empty token means no token: it owns nothing. */
        @Override
        public Object question(PostgresRequest request) {
          return request.token == null ? "" : request.token;
        }
      };

  /** The statements that take many requests at once. */
  enum Kind {
    ACQUIRE,
    EXTEND,
    VACATE,
    READ,
    ADVANCE,
    REGISTER,
    RETREAT
  }

  static PostgresRequest of(
      Kind kind, LeaseKey key, String token, long number, String extra, long deadline) {
    return new PostgresRequest(
        kind, key.kind().id(), key.name(), token, number, null, null, extra, deadline, true);
  }

  /**
   * An acquire.
   *
   * @param entry the waiter's entry in the queue (JSON), or null
   */
  static PostgresRequest acquire(LeaseRequest request, String entry, long deadline) {
    JsonObject metadata = request.metadata();
    return new PostgresRequest(
        Kind.ACQUIRE,
        request.key().kind().id(),
        request.key().name(),
        request.token(),
        request.duration().toMillis(),
        request.owner(),
        metadata == null ? null : metadata.encode(),
        entry,
        deadline,
        true);
  }

  /** One of the statements about a register. */
  static PostgresRequest register(Kind kind, String name, long mark, long deadline) {
    return new PostgresRequest(
        kind, UpkeepSql.REGISTER, name, null, mark, null, null, null, deadline, true);
  }

  /** The same once more, after its record was found locked. */
  PostgresRequest again() {
    return new PostgresRequest(
        kind, space, name, token, number, owner, metadata, extra, deadline, false);
  }

  /** Whether it has a waiter. */
  boolean waits() {
    return kind == Kind.ACQUIRE && extra != null;
  }

  /** Whether it may be a plain case, in which there is nothing to decide. */
  boolean mayBePlain() {
    return kind == Kind.ACQUIRE || kind == Kind.VACATE && RELEASE.equals(extra);
  }

  /**
   * Whether it could harm others when it is carried out after its caller gave up. A late release
   * does no harm, and a late advance is like one whose answer was lost.
   */
  boolean mustNotBeLate() {
    return switch (kind) {
      case ACQUIRE, EXTEND, RETREAT -> true;
      case VACATE -> REVOKE.equals(extra);
      case READ, ADVANCE, REGISTER -> false;
    };
  }

  /** The record. Two requests for one record are never under way at once, unless both are reads. */
  String record() {
    return space + ":" + name;
  }

  /** The record of a lease, as notifications name it. */
  static String record(LeaseKey key) {
    return key.kind().id() + ":" + key.name();
  }

  /** The kind of a record; kinds contain no colon. */
  static String space(String record) {
    return record.substring(0, record.indexOf(':'));
  }

  /** The name of a record. */
  static String name(String record) {
    return record.substring(record.indexOf(':') + 1);
  }

  /** Names the record; the token stays secret. */
  @Override
  public String toString() {
    return kind + " " + space + " '" + name + "'";
  }
}
