package dev.conclave.backend.postgres;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.support.GroupCommit;

/**
 * One request on its way to the database; requests of one {@link Kind} travel in one statement.
 *
 * @param kind which statement
 * @param space the record's kind
 * @param name the record's name
 * @param token null where the statement needs none
 * @param number the duration in milliseconds, or the mark; 0 where the statement needs none
 * @param owner of an acquire only
 * @param metadata JSON, of an acquire only
 * @param extra an acquire's place in line (JSON), or how to vacate
 * @param deadline on the scheduler's clock: what is not sent by then is not sent any more
 * @param patient whether to wait for a locked record; one that was locked for long is only looked
 *     at
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

  /** How to vacate: the token's holder or waiter goes. */
  static final String RELEASE = "release";

  /** How to vacate: the holder goes, whoever it is. */
  static final String REVOKE = "revoke";

  /** In which order requests that wait for one record are sent. */
  static final GroupCommit.Rules<PostgresRequest> RULES =
      new GroupCommit.Rules<>() {
        @Override
        public Object key(PostgresRequest request) {
          return request.record();
        }

        @Override
        public GroupCommit.Rank rank(PostgresRequest request) {
          return switch (request.kind) {
            case EXTEND -> GroupCommit.Rank.RENEWAL;
            case LOOK, REGISTER -> GroupCommit.Rank.READ;
            case ACQUIRE, VACATE, ADVANCE, RETREAT -> GroupCommit.Rank.CHANGE;
          };
        }

        @Override
        public Object holder(PostgresRequest request) {
          return request.token;
        }

        /** An empty token is none: it owns nothing. */
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
    LOOK,
    ADVANCE,
    REGISTER,
    RETREAT
  }

  static PostgresRequest of(
      Kind kind, LeaseKey key, String token, long number, String extra, long deadline) {
    return new PostgresRequest(
        kind, key.kind().id(), key.name(), token, number, null, null, extra, deadline, true);
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

  /** Whether it wants a place in line. */
  boolean waits() {
    return kind == Kind.ACQUIRE && extra != null;
  }

  /** Whether it may be the plain case, in which there is nothing to decide. */
  boolean mayBePlain() {
    return kind == Kind.ACQUIRE || kind == Kind.VACATE && RELEASE.equals(extra);
  }

  /**
   * Whether it could harm others when it is carried out after its caller gave it up. A late release
   * is welcome, and a late advance is like one whose answer was lost.
   */
  boolean mustNotBeLate() {
    return switch (kind) {
      case ACQUIRE, EXTEND, RETREAT -> true;
      case VACATE -> REVOKE.equals(extra);
      case LOOK, ADVANCE, REGISTER -> false;
    };
  }

  /** What no two requests on their way have in common: kinds hold no colon. */
  String record() {
    return space + ":" + name;
  }

  /** Names the record; the token stays secret. */
  @Override
  public String toString() {
    return kind + " " + space + " '" + name + "'";
  }
}
