package dev.conclave.backend.kubernetes;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One request to the API server.
 *
 * @param verb as roles name it
 * @param name the object, or empty for the collection
 * @param query empty, or with its question mark
 * @param body null when there is none
 * @param inspects whether it shows people what there is, and may wait for others of its kind
 */
record ApiCall(
    String verb, HttpMethod method, String name, String query, JsonObject body, boolean inspects) {

  static ApiCall get(String name) {
    return new ApiCall("get", HttpMethod.GET, name, "", null, false);
  }

  static ApiCall create(JsonObject object) {
    return new ApiCall("create", HttpMethod.POST, "", "", object, false);
  }

  static ApiCall update(String name, JsonObject object) {
    return new ApiCall("update", HttpMethod.PUT, name, "", object, false);
  }

  static ApiCall list(Map<String, String> parameters) {
    return new ApiCall("list", HttpMethod.GET, "", query(parameters), null, false);
  }

  static ApiCall watch(Map<String, String> parameters) {
    return new ApiCall("watch", HttpMethod.GET, "", query(parameters), null, false);
  }

  /** The same, over the connections for inspection. */
  ApiCall inspecting() {
    return new ApiCall(verb, method, name, query, body, true);
  }

  private static String query(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&", "?", ""));
  }
}
