package dev.conclave.backend.kubernetes.api;

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
 * @param inspects whether it serves inspection only; such requests have connections of their own,
 *     and may wait for one another
 */
public record KubernetesRequest(
    String verb, HttpMethod method, String name, String query, JsonObject body, boolean inspects) {

  public static KubernetesRequest get(String name) {
    return new KubernetesRequest("get", HttpMethod.GET, name, "", null, false);
  }

  public static KubernetesRequest create(JsonObject object) {
    return new KubernetesRequest("create", HttpMethod.POST, "", "", object, false);
  }

  public static KubernetesRequest update(String name, JsonObject object) {
    return new KubernetesRequest("update", HttpMethod.PUT, name, "", object, false);
  }

  public static KubernetesRequest list(Map<String, String> parameters) {
    return new KubernetesRequest("list", HttpMethod.GET, "", query(parameters), null, false);
  }

  public static KubernetesRequest watch(Map<String, String> parameters) {
    return new KubernetesRequest("watch", HttpMethod.GET, "", query(parameters), null, false);
  }

  /** The same, over the connections for inspection. */
  public KubernetesRequest inspecting() {
    return new KubernetesRequest(verb, method, name, query, body, true);
  }

  private static String query(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&", "?", ""));
  }
}
