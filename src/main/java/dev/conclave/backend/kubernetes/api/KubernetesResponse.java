package dev.conclave.backend.kubernetes.api;

import io.vertx.core.json.JsonObject;
import java.time.Instant;

/**
 * A response of the API server. Decisions depend on the status alone.
 *
 * @param body never null; empty when there was none
 * @param again whether the request was sent before: then that one may have been carried out
 * @param date the server's clock when it answered, in whole seconds; null without one
 */
public record KubernetesResponse(int status, JsonObject body, boolean again, Instant date) {
  public static final int OK = 200;
  public static final int CREATED = 201;
  public static final int UNAUTHORIZED = 401;
  public static final int FORBIDDEN = 403;
  public static final int NOT_FOUND = 404;
  public static final int CONFLICT = 409;
  public static final int GONE = 410;
  public static final int TOO_MANY_REQUESTS = 429;
}
