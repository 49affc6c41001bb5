package dev.conclave.bus;

import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/**
 * One argument of a message to a service: its name, its type, and whether it is required.
 *
 * <p>Only types are checked; the service checks values. Unknown keys are accepted, so that newer
 * callers can use older services.
 */
public final class Argument {
  private enum Type {
    TEXT("a string"),
    FLAG("true or false"),
    INTEGER("a whole number of 32 bits"),
    LONG("a whole number of 64 bits"),
    OBJECT("an object");

    private final String expected;

    Type(String expected) {
      this.expected = expected;
    }
  }

  private final String name;
  private final Type type;
  private final List<Argument> inside;
  private final boolean optional;

  private Argument(String name, Type type, List<Argument> inside, boolean optional) {
    this.name = name;
    this.type = type;
    this.inside = inside;
    this.optional = optional;
  }

  /** A string. */
  public static Argument text(String name) {
    return new Argument(name, Type.TEXT, List.of(), false);
  }

  /** True or false. */
  public static Argument flag(String name) {
    return new Argument(name, Type.FLAG, List.of(), false);
  }

  /** A whole number that fits into an {@code int}. */
  public static Argument integer(String name) {
    return new Argument(name, Type.INTEGER, List.of(), false);
  }

  /** A whole number that fits into a {@code long}. */
  public static Argument whole(String name) {
    return new Argument(name, Type.LONG, List.of(), false);
  }

  /** An object with these arguments in it. */
  public static Argument object(String name, Argument... inside) {
    return new Argument(name, Type.OBJECT, List.of(inside), false);
  }

  /** The same argument, but it may be null or absent. */
  public Argument orNull() {
    return new Argument(name, type, inside, true);
  }

  /**
   * The error in this argument of the body, or null. Never contains a value that may be a token.
   */
  String wrongIn(String path, JsonObject body) {
    String full = path + name;
    Object value = body.getValue(name);
    if (value == null) {
      return optional ? null : full + " is missing; expected " + type.expected;
    }
    if (!fits(value)) {
      String shown = type == Type.TEXT || type == Type.OBJECT ? "" : number(value);
      return full + shown + " has a wrong type; expected " + type.expected;
    }
    return type == Type.OBJECT ? firstWrong(full + ".", inside, (JsonObject) value) : null;
  }

  /** The first error in these arguments of the body, or null. */
  static String firstWrong(String path, List<Argument> arguments, JsonObject body) {
    for (Argument argument : arguments) {
      String wrong = argument.wrongIn(path, body);
      if (wrong != null) {
        return wrong;
      }
    }
    return null;
  }

  private boolean fits(Object value) {
    return switch (type) {
      case TEXT -> value instanceof String;
      case FLAG -> value instanceof Boolean;
      case INTEGER -> value instanceof Number number && isWhole(number, 31);
      case LONG -> value instanceof Number number && isWhole(number, 63);
      case OBJECT -> value instanceof JsonObject;
    };
  }

  /** Whether it is a whole number of at most so many bits. */
  private static boolean isWhole(Number number, int bits) {
    if (number instanceof Integer) {
      return true;
    }
    if (number instanceof Double || number instanceof Float) {
      double value = number.doubleValue();
      return value == Math.rint(value) && Math.abs(value) < Math.pow(2, bits);
    }
    if (number instanceof BigDecimal) {
      return false;
    }
    BigInteger value =
        number instanceof BigInteger big ? big : BigInteger.valueOf(number.longValue());
    return value.bitLength() <= bits;
  }

  private static String number(Object value) {
    String text = value instanceof Number ? value.toString() : "";
    return text.isEmpty() || text.length() > 40 ? "" : " " + text;
  }
}
