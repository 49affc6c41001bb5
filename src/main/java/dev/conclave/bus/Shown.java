package dev.conclave.bus;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Set;

/** A data object as text for logs: its JSON without secrets. */
public final class Shown {
  /** The proof of ownership, and the configuration of an application's verticles. */
  private static final Set<String> SECRET = Set.of("token", "config");

  private Shown() {}

  /** The JSON, without keys at any depth whose values may be secrets. Never fails. */
  public static String of(JsonObject json) {
    try {
      return ((JsonObject) withoutSecrets(json)).encode();
    } catch (RuntimeException notJson) {
      return "an object with a value that is not JSON: " + json.fieldNames();
    }
  }

  private static Object withoutSecrets(Object value) {
    if (value instanceof JsonObject object) {
      JsonObject shown = new JsonObject();
      for (String key : object.fieldNames()) {
        if (!SECRET.contains(key)) {
          shown.put(key, withoutSecrets(object.getValue(key)));
        }
      }
      return shown;
    }
    if (value instanceof JsonArray array) {
      JsonArray shown = new JsonArray();
      array.forEach(element -> shown.add(withoutSecrets(element)));
      return shown;
    }
    return value;
  }
}
