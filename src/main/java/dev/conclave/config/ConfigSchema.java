package dev.conclave.config;

import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The shape of one configuration object, written as a JSON schema among this package's resources.
 *
 * <p>{@link #check} refuses unknown keys, wrong types, missing keys and values out of range, all at
 * once, with sentences that name the key's path, the value and the rule: the schema's {@code
 * description}. The value of a key marked {@code writeOnly} is never repeated. The options classes
 * check the rules that relate two keys.
 *
 * <p>A schema may take a part of another one: {@code "$ref": "other.json#/place"}. So every bound
 * is in one file only. Options that are set in Java are checked against it too ({@link #range}).
 */
public final class ConfigSchema {
  private static final Map<String, ConfigSchema> LOADED = new ConcurrentHashMap<>();
  private static final String BACKEND = "backend";
  private static final Set<String> CONTAINERS = Set.of("properties", "items");

  /** The bounds of a number. */
  public record Range(Number least, Number most) {
    /** Whether the value is within the bounds, both included. */
    public boolean holds(Number value) {
      return least.doubleValue() <= value.doubleValue()
          && value.doubleValue() <= most.doubleValue();
    }

    /**
     * Throws {@link ErrorCode#INVALID}, naming field, value and bounds, if the value is not within
     * the bounds.
     */
    public void check(String field, Number value) {
      if (!holds(value)) {
        throw ErrorCode.INVALID.failure(
            field + " " + value + " must be from " + least + " to " + most);
      }
    }
  }

  private final JsonObject schema;

  private ConfigSchema(JsonObject schema) {
    this.schema = schema;
  }

  /** The schema {@code <name>.json} among this package's resources. */
  public static ConfigSchema named(String name) {
    ConfigSchema known = LOADED.get(name);
    if (known == null) {
      JsonObject written = read(name + ".json");
      known = new ConfigSchema((JsonObject) resolved(written, written));
      LOADED.put(name, known);
    }
    return known;
  }

  /**
   * A part of a schema, with each reference in it replaced by the part that it names. Keys next to
   * a reference override the keys of that part.
   */
  private static Object resolved(JsonObject root, Object part) {
    if (part instanceof JsonArray array) {
      return new JsonArray(array.stream().map(inner -> resolved(root, inner)).toList());
    }
    if (!(part instanceof JsonObject object)) {
      return part;
    }
    JsonObject all = new JsonObject();
    if (object.getValue("$ref") instanceof String reference) {
      String file = reference.substring(0, reference.indexOf('#'));
      JsonObject other = file.isEmpty() ? root : named(file.replace(".json", "")).schema;
      all.mergeIn((JsonObject) resolved(other, at(other, tokens(reference))));
    }
    object.forEach(entry -> all.put(entry.getKey(), resolved(root, entry.getValue())));
    all.remove("$ref");
    return all;
  }

  /**
   * A verticle's whole configuration, with environment variables expanded, if the schema accepts
   * it. The launcher starts a verticle with an empty object when its file is missing or broken. An
   * empty object is refused because of its missing keys.
   */
  public JsonObject read(JsonObject config) {
    return read("", config == null ? new JsonObject() : config);
  }

  /**
   * A configuration with environment variables expanded, if the schema accepts it. The value of
   * {@code backend} is not expanded here but where the backend is created: nothing may be expanded
   * twice.
   *
   * @param path where the object stands in the file, such as {@code locks}; empty for the whole
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID}
   */
  public JsonObject read(String path, JsonObject config) {
    JsonObject own = config.copy();
    Object backend = own.remove(BACKEND);
    JsonObject expanded = Environment.ofProcess().expand(path, own, this::expected);
    return check(path, config.containsKey(BACKEND) ? expanded.put(BACKEND, backend) : expanded);
  }

  /** What the schema expects at a place; see {@link Environment#expand}. */
  public Class<?> expected(List<String> place) {
    return switch (rule(place).getString("type", "")) {
      case "integer", "number" -> Number.class;
      case "boolean" -> Boolean.class;
      default -> String.class;
    };
  }

  /** Throws as {@link Range#check} if the value of this key is not within its bounds. */
  public void checkNumber(String key, Number value) {
    range(key).check(key, value);
  }

  /** The bounds of the number at a place, such as {@code tasks, items, retry, times}. */
  public Range range(String... place) {
    JsonObject rule = rule(List.of(place));
    return new Range(rule.getNumber("minimum"), rule.getNumber("maximum"));
  }

  /** The rule for a place; an empty one where the schema has none. */
  private JsonObject rule(List<String> place) {
    JsonObject rule = schema;
    for (String key : place) {
      Object inner = rule.getJsonObject("properties", new JsonObject()).getValue(key);
      if (inner == null) {
        inner = rule.getValue("items");
      }
      rule = inner instanceof JsonObject found ? found : new JsonObject();
    }
    return rule;
  }

  /**
   * Returns the configuration if the schema accepts it.
   *
   * @param path where the object stands in the file, such as {@code backend}; empty for the whole
   * @throws io.vertx.serviceproxy.ServiceException {@link ErrorCode#INVALID}
   */
  public JsonObject check(String path, JsonObject config) {
    if (config == null) {
      throw ErrorCode.INVALID.failure(
          (path.isEmpty() ? "the configuration" : path) + " is missing; expected an object");
    }
    OutputUnit result = validator().validate(config);
    if (Boolean.TRUE.equals(result.getValid())) {
      return config;
    }
    Set<String> sentences = new LinkedHashSet<>();
    for (OutputUnit error : leaves(result.getErrors())) {
      sentences.add(sentence(path, config, error));
    }
    throw ErrorCode.INVALID.failure(String.join("; ", sentences));
  }

  private Validator validator() {
    return Validator.create(
        // A copy: the validator writes what it resolves into the schema, and threads share this
        // one.
        JsonSchema.of(schema.copy()),
        new JsonSchemaOptions()
            .setDraft(Draft.DRAFT202012)
            .setBaseUri("conclave://schema/")
            .setOutputFormat(OutputFormat.Basic));
  }

  /**
   * The errors to report. Two kinds are left out: an error that only means that there is an error
   * inside, and an {@code additionalProperties} error about a known key. The validator adds the
   * latter when the key's value is wrong or has an error inside.
   */
  private static List<OutputUnit> leaves(List<OutputUnit> errors) {
    List<OutputUnit> specific =
        errors.stream().filter(e -> !CONTAINERS.contains(keyword(e))).toList();
    return specific.stream()
        .filter(
            e ->
                !keyword(e).equals("additionalProperties")
                    || specific.stream().noneMatch(o -> isEchoOf(e.getInstanceLocation(), o)))
        .toList();
  }

  private static boolean isEchoOf(String place, OutputUnit error) {
    String at = error.getInstanceLocation();
    return at.startsWith(place + "/")
        || at.equals(place) && !keyword(error).equals("additionalProperties");
  }

  private String sentence(String path, JsonObject config, OutputUnit error) {
    List<String> place = tokens(error.getInstanceLocation());
    List<String> rulePlace = tokens(error.getKeywordLocation());
    JsonObject rule = (JsonObject) at(schema, rulePlace.subList(0, rulePlace.size() - 1));
    Object value = at(config, place);
    String where = display(path, config, place);
    switch (keyword(error)) {
      case "additionalProperties":
        return where
            + " is not a known key; known here: "
            + String.join(
                ", ",
                new TreeSet<>(rule.getJsonObject("properties", new JsonObject()).fieldNames()));
      case "required":
        Set<String> missing = new LinkedHashSet<>();
        for (Object key : rule.getJsonArray("required")) {
          if (value instanceof JsonObject object && !object.containsKey((String) key)) {
            JsonObject expected =
                rule.getJsonObject("properties").getJsonObject((String) key, new JsonObject());
            missing.add(
                (where.isEmpty() ? "" : where + ".")
                    + key
                    + " is missing; expected "
                    + expected.getString("description", "a value"));
          }
        }
        return String.join("; ", missing);
      default:
        boolean secret = isSecret(rulePlace);
        return where
            + (secret ? " has a wrong value" : " is " + shown(value))
            + "; expected "
            + rule.getString("description", error.getError());
    }
  }

  /** Whether the rule, or a rule around it, is for a value that must not be repeated. */
  private boolean isSecret(List<String> rulePlace) {
    for (int i = 0; i < rulePlace.size(); i++) {
      if (at(schema, rulePlace.subList(0, i)) instanceof JsonObject rule
          && rule.getValue("writeOnly") == Boolean.TRUE) {
        return true;
      }
    }
    return false;
  }

  private static String keyword(OutputUnit error) {
    String location = error.getKeywordLocation();
    return location.substring(location.lastIndexOf('/') + 1);
  }

  private static List<String> tokens(String pointer) {
    String path = pointer.substring(pointer.indexOf('#') + 1);
    if (path.isEmpty()) {
      return List.of();
    }
    return List.of(path.substring(1).split("/", -1)).stream()
        .map(token -> decoded(token).replace("~1", "/").replace("~0", "~"))
        .toList();
  }

  /** The validator writes places as URI fragments. */
  private static String decoded(String token) {
    try {
      return URLDecoder.decode(token.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException plain) {
      return token;
    }
  }

  private static Object at(Object root, List<String> tokens) {
    Object value = root;
    for (String token : tokens) {
      if (value instanceof JsonObject object) {
        value = object.getValue(token);
      } else if (value instanceof JsonArray array) {
        value = array.getValue(Integer.parseInt(token));
      }
    }
    return value;
  }

  private static String display(String path, Object root, List<String> tokens) {
    StringBuilder shown = new StringBuilder(path);
    for (int i = 0; i < tokens.size(); i++) {
      if (at(root, tokens.subList(0, i)) instanceof JsonArray) {
        shown.append('[').append(tokens.get(i)).append(']');
      } else {
        shown.append(shown.length() == 0 ? "" : ".").append(tokens.get(i));
      }
    }
    return shown.toString();
  }

  private static String shown(Object value) {
    String text = value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    return text.length() > 80 ? text.substring(0, 80) + "…" : text;
  }

  private static JsonObject read(String resource) {
    try (InputStream in = ConfigSchema.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the schema " + resource + " is not in the jar");
      }
      return new JsonObject(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
