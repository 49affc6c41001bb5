package dev.conclave.backend.kubernetes;

import io.vertx.core.json.JsonObject;
import java.time.Instant;

/**
 * What the API server said. Decisions are made by the status alone.
 *
 * @param body never null; empty when there was none
 * @param again whether the request was sent before: then that one may have been carried out
 * @param date the server's clock when it answered, in whole seconds; null when it does not say
 */
record ApiAnswer(int status, JsonObject body, boolean again, Instant date) {
  static final int OK = 200;
  static final int CREATED = 201;
  static final int UNAUTHORIZED = 401;
  static final int FORBIDDEN = 403;
  static final int NOT_FOUND = 404;
  static final int CONFLICT = 409;
  static final int GONE = 410;
  static final int TOO_MANY_REQUESTS = 429;
}
