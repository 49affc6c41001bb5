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
 */
record ApiCall(String verb, HttpMethod method, String name, String query, JsonObject body) {

  static ApiCall get(String name) {
    return new ApiCall("get", HttpMethod.GET, name, "", null);
  }

  static ApiCall create(JsonObject object) {
    return new ApiCall("create", HttpMethod.POST, "", "", object);
  }

  static ApiCall update(String name, JsonObject object) {
    return new ApiCall("update", HttpMethod.PUT, name, "", object);
  }

  static ApiCall list(Map<String, String> parameters) {
    return new ApiCall("list", HttpMethod.GET, "", query(parameters), null);
  }

  static ApiCall watch(Map<String, String> parameters) {
    return new ApiCall("watch", HttpMethod.GET, "", query(parameters), null);
  }

  private static String query(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&", "?", ""));
  }
}
