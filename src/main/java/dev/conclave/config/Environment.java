package dev.conclave.config;

import dev.conclave.backend.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Expands {@code ${NAME}} and {@code ${NAME:default}} in every string of a configuration, so that
 * no password has to stand in a file. What an expansion brings in is not expanded again.
 */
public final class Environment {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)(:([^}]*))?}");

  private final UnaryOperator<String> variables;

  /** Expansion by a look-up that answers null for what is not set. */
  public Environment(UnaryOperator<String> variables) {
    this.variables = variables;
  }

  /** Expansion by this process's environment. */
  public static Environment ofProcess() {
    return new Environment(System::getenv);
  }

  /**
   * A copy with everything expanded.
   *
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} naming the key and the
   *     variable when one is neither set nor has a default
   */
  public JsonObject expand(JsonObject config) {
    return (JsonObject) expand("", config);
  }

  private Object expand(String path, Object value) {
    if (value instanceof JsonObject object) {
      JsonObject copy = new JsonObject();
      for (String key : object.fieldNames()) {
        copy.put(key, expand(path.isEmpty() ? key : path + "." + key, object.getValue(key)));
      }
      return copy;
    }
    if (value instanceof JsonArray array) {
      JsonArray copy = new JsonArray();
      for (int i = 0; i < array.size(); i++) {
        copy.add(expand(path + "[" + i + "]", array.getValue(i)));
      }
      return copy;
    }
    return value instanceof String text ? expandText(path, text) : value;
  }

  private String expandText(String path, String text) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            found -> Matcher.quoteReplacement(valueOf(path, found.group(1), found.group(3))));
  }

  private String valueOf(String path, String name, String otherwise) {
    if (otherwise != null && otherwise.contains("${")) {
      throw ErrorCode.INVALID.failure(
          path
              + " uses the environment variable "
              + name
              + " with a default that uses another one, which is not possible");
    }
    String value = variables.apply(name);
    if (value == null && otherwise == null) {
      throw ErrorCode.INVALID.failure(
          path
              + " uses the environment variable "
              + name
              + ", which is not set and has no default");
    }
    return value == null ? otherwise : value;
  }
}
