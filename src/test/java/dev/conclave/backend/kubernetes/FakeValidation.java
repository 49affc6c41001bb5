package dev.conclave.backend.kubernetes;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Pattern;

/** What an API server refuses in an object. */
final class FakeValidation {
  private static final Pattern NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern LABEL =
      Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?");
  private static final Pattern ANNOTATION_KEY =
      Pattern.compile("([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");
  private static final Pattern MICRO_TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}(Z|[+-]\\d\\d:\\d\\d)");
  private static final int ANNOTATIONS_LIMIT = 256 * 1024;
  private static final Set<String> LEASE_FIELDS =
      Set.of(
          "holderIdentity",
          "leaseDurationSeconds",
          "acquireTime",
          "renewTime",
          "leaseTransitions",
          "strategy",
          "preferredHolder");

  private FakeValidation() {}

  /** The refusal, or null. */
  static FakeObjects.Result check(String collection, JsonObject object) {
    boolean lease = collection.endsWith("/leases");
    if (!(lease ? "Lease" : "ConfigMap").equals(object.getString("kind"))
        || !(lease ? "coordination.k8s.io/v1" : "v1").equals(object.getString("apiVersion"))) {
      return FakeObjects.status(400, "the object is of another kind");
    }
    JsonObject metadata = object.getJsonObject("metadata", new JsonObject());
    String name = metadata.getString("name", "");
    if (name.length() > 253 || !NAME.matcher(name).matches()) {
      return FakeObjects.status(422, "metadata.name: must be a DNS-1123 subdomain");
    }
    if (!collection.contains("/namespaces/" + metadata.getString("namespace") + "/")) {
      return FakeObjects.status(400, "the namespace does not match");
    }
    for (var label : metadata.getJsonObject("labels", new JsonObject())) {
      String value = (String) label.getValue();
      if (value.length() > 63 || !LABEL.matcher(value).matches()) {
        return FakeObjects.status(422, "metadata.labels: invalid value");
      }
    }
    int size = 0;
    for (var annotation : metadata.getJsonObject("annotations", new JsonObject())) {
      if (!(annotation.getValue() instanceof String value)
          || !ANNOTATION_KEY.matcher(annotation.getKey()).matches()) {
        return FakeObjects.status(400, "metadata.annotations: invalid");
      }
      size += annotation.getKey().length() + value.getBytes(StandardCharsets.UTF_8).length;
    }
    if (size > ANNOTATIONS_LIMIT) {
      return FakeObjects.status(422, "metadata.annotations: too long");
    }
    return lease ? checkSpec(object.getJsonObject("spec", new JsonObject())) : null;
  }

  private static FakeObjects.Result checkSpec(JsonObject spec) {
    for (String time : Set.of("acquireTime", "renewTime")) {
      Object value = spec.getValue(time);
      if (value != null && !(value instanceof String text && MICRO_TIME.matcher(text).matches())) {
        return FakeObjects.status(400, "spec." + time + ": not a MicroTime");
      }
    }
    Object seconds = spec.getValue("leaseDurationSeconds");
    if (seconds != null && (!(seconds instanceof Integer number) || number <= 0)) {
      return FakeObjects.status(422, "spec.leaseDurationSeconds: must be greater than 0");
    }
    Object transitions = spec.getValue("leaseTransitions");
    if (transitions != null && (!(transitions instanceof Integer count) || count < 0)) {
      return FakeObjects.status(422, "spec.leaseTransitions: must not be negative");
    }
    return null;
  }

  /** Without the fields that the type does not have. */
  static JsonObject pruned(String collection, JsonObject object) {
    JsonObject spec = object.getJsonObject("spec");
    if (spec != null && collection.endsWith("/leases")) {
      Set.copyOf(spec.fieldNames()).stream()
          .filter(field -> !LEASE_FIELDS.contains(field))
          .forEach(spec::remove);
    }
    return object;
  }
}
