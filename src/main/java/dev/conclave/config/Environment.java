package dev.conclave.config;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Expands {@code ${NAME}} and {@code ${NAME:default}} in every string of a configuration, so that
 * no password has to stand in a file.
 *
 * <ol>
 *   <li>The result of an expansion is not expanded again.
 *   <li>A string that consists of one expansion only becomes a number or a boolean if the
 *       configuration expects one and the text is one. If the text is not one, it stays a string,
 *       and the check of the configuration refuses it and names its key.
 *   <li>Everywhere else the result is a string: a password of digits stays a string.
 * </ol>
 */
public final class Environment {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)(:([^}]*))?}");

  private final UnaryOperator<String> variables;

  /** Expands by a function that returns null for an unset variable. */
  public Environment(UnaryOperator<String> variables) {
    this.variables = variables;
  }

  /** Expands by this process's environment. */
  public static Environment ofProcess() {
    return new Environment(System::getenv);
  }

  /**
   * A copy with everything expanded.
   *
   * @param path where the object stands in the file, such as {@code backend}; empty for the whole
   * @param expected what a place expects: {@code Number}, {@code Boolean}, or {@code String} for
   *     everything else. A place is the keys from the outermost object inwards; an element of an
   *     array has its index.
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID} naming the key and the
   *     variable when one is neither set nor has a default
   */
  public JsonObject expand(
      String path, JsonObject config, Function<List<String>, Class<?>> expected) {
    return (JsonObject) expand(path, config, List.of(), expected);
  }

  private Object expand(
      String path, Object value, List<String> place, Function<List<String>, Class<?>> expected) {
    if (value instanceof JsonObject object) {
      JsonObject copy = new JsonObject();
      for (String key : object.fieldNames()) {
        String inner = path.isEmpty() ? key : path + "." + key;
        copy.put(key, expand(inner, object.getValue(key), with(place, key), expected));
      }
      return copy;
    }
    if (value instanceof JsonArray array) {
      JsonArray copy = new JsonArray();
      for (int i = 0; i < array.size(); i++) {
        String inner = path + "[" + i + "]";
        List<String> element = with(place, String.valueOf(i));
        copy.add(expand(inner, array.getValue(i), element, expected));
      }
      return copy;
    }
    if (!(value instanceof String text)) {
      return value;
    }
    String expanded = expandText(path, text);
    return VARIABLE.matcher(text).matches() ? typed(expanded, expected.apply(place)) : expanded;
  }

  private static List<String> with(List<String> place, String key) {
    List<String> inner = new ArrayList<>(place);
    inner.add(key);
    return inner;
  }

  private static Object typed(String text, Class<?> expected) {
    if (expected == String.class) {
      return text;
    }
    try {
      Object value = Json.decodeValue(text);
      return expected.isInstance(value) ? value : text;
    } catch (DecodeException neither) {
      return text;
    }
  }

  /** One string with everything expanded; failures name the path. */
  public String expandText(String path, String text) {
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
