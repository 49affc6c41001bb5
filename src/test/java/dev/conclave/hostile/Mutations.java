package dev.conclave.hostile;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Makes valid JSON wrong in one place, in all the ways that people and programs do. */
final class Mutations {
  /** A mutated object, and where: the keys from the outside in. */
  record Mutated(JsonObject json, List<String> path, String how) {
    @Override
    public String toString() {
      return how + " at " + String.join(".", path);
    }
  }

  private static final List<String> STRINGS =
      List.of(
          "",
          " ",
          "x".repeat(201),
          "x".repeat(100_000),
          "\u0000",
          "a\nb",
          "\uD800",
          "\u202Eabc",
          "😀",
          "${",
          "${}",
          "${A B}",
          "${CONCLAVE_NO_SUCH_VARIABLE}",
          "${CONCLAVE_NO_SUCH_VARIABLE:a default}",
          "${X:${CONCLAVE_NO_SUCH_VARIABLE}}",
          "$1\\",
          "'; DROP TABLE conclave_lease; --",
          "redis.call('FLUSHALL')",
          "__proto__",
          "null",
          "-1",
          "1e999",
          "../../etc/passwd",
          "http://[::1",
          "redis://",
          "://",
          "http://127.0.0.1:99999");

  private static final List<Supplier<Object>> VALUES =
      List.of(
          () -> null,
          () -> -1,
          () -> 0,
          () -> 1,
          () -> 1.5,
          () -> -0.0,
          () -> 1e308,
          () -> Double.NaN,
          () -> Double.POSITIVE_INFINITY,
          () -> Integer.MIN_VALUE,
          () -> Integer.MAX_VALUE + 1L,
          () -> Long.MIN_VALUE,
          () -> Long.MAX_VALUE,
          () -> Long.MAX_VALUE / 1_000_000,
          () -> BigInteger.TWO.pow(64).add(BigInteger.valueOf(1_000)),
          () -> true,
          () -> false,
          JsonObject::new,
          JsonArray::new,
          () -> new JsonArray().addNull().add(new JsonObject()).add(1).add("x"),
          () -> nested(400));

  private record Place(Object container, Object key, List<String> path) {}

  private final Random random;

  Mutations(Random random) {
    this.random = random;
  }

  Mutated mutate(JsonObject valid) {
    JsonObject json = valid.copy();
    List<Place> places = new ArrayList<>();
    collect(json, List.of(), places);
    Place place = places.get(random.nextInt(places.size()));
    String how = change(place);
    return new Mutated(json, place.path, how);
  }

  private String change(Place place) {
    Object old = get(place);
    switch (random.nextInt(8)) {
      case 0 -> {
        if (place.container instanceof JsonObject object) {
          object.remove((String) place.key);
        } else {
          ((JsonArray) place.container).remove((int) (Integer) place.key);
        }
        return "removed";
      }
      case 1 -> {
        if (place.container instanceof JsonObject object) {
          object.remove((String) place.key);
          object.put(place.key + "_", old);
          return "renamed";
        }
        ((JsonArray) place.container).add(old);
        return "repeated";
      }
      case 2 -> {
        set(place, new JsonArray().add(old));
        return "wrapped in an array";
      }
      case 3 -> {
        set(place, new JsonObject().put("value", old));
        return "wrapped in an object";
      }
      case 4, 5 -> {
        String text = STRINGS.get(random.nextInt(STRINGS.size()));
        set(place, text);
        return "a string of " + text.length();
      }
      default -> {
        Object value = VALUES.get(random.nextInt(VALUES.size())).get();
        set(place, value);
        return "replaced by " + (value == null ? "null" : value.getClass().getSimpleName());
      }
    }
  }

  private static void collect(Object container, List<String> path, List<Place> places) {
    if (container instanceof JsonObject object) {
      for (String key : List.copyOf(object.fieldNames())) {
        add(new Place(container, key, plus(path, key)), object.getValue(key), places);
      }
    } else if (container instanceof JsonArray array) {
      for (int i = 0; i < array.size(); i++) {
        add(new Place(container, i, path), array.getValue(i), places);
      }
    }
  }

  private static void add(Place place, Object value, List<Place> places) {
    places.add(place);
    collect(value, place.path, places);
  }

  private static List<String> plus(List<String> path, String key) {
    List<String> longer = new ArrayList<>(path);
    longer.add(key);
    return longer;
  }

  private static Object get(Place place) {
    return place.container instanceof JsonObject object
        ? object.getValue((String) place.key)
        : ((JsonArray) place.container).getValue((Integer) place.key);
  }

  private static void set(Place place, Object value) {
    if (place.container instanceof JsonObject object) {
      object.put((String) place.key, value);
    } else {
      ((JsonArray) place.container).set((Integer) place.key, value);
    }
  }

  static JsonObject nested(int depth) {
    JsonObject inner = new JsonObject();
    for (int i = 0; i < depth; i++) {
      inner = new JsonObject().put("a", inner);
    }
    return inner;
  }
}
