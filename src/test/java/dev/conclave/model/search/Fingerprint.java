package dev.conclave.model.search;

import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockServiceOptions;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * 128 bits of everything that can be reached from an object: two states of one fingerprint go on
 * alike, whatever has led to them.
 *
 * <ol>
 *   <li>All fields count, private ones, those of lambdas and those of Vert.x' futures too; but for
 *       static and transient ones, and objects of the classes listed here, which nothing decides
 *       by.
 *   <li>An object seen before counts as a reference to it, so that shapes count and cycles end.
 *   <li>Random tokens count as "the first token seen", "the second": nothing but their equality
 *       decides.
 *   <li>A class of the JDK that is not listed here is an error, not left out.
 * </ol>
 */
public final class Fingerprint {
  /** The key of a state. */
  record Key(long high, long low) {}

  /** What is the same in all executions, or only written to. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          LeaderElectionOptions.class.getName(),
          LockOptions.class.getName(),
          LockServiceOptions.class.getName(),
          "dev.conclave.lease.OutageLog",
          "dev.conclave.election.Timing");

  private static final Map<Class<?>, Field[]> FIELDS = new HashMap<>();
  private static final Map<Class<?>, Integer> CLASSES = new HashMap<>();
  private static final Map<Class<?>, Boolean> LEFT_OUT_CLASSES = new HashMap<>();

  private final Map<Object, Integer> seen = new IdentityHashMap<>(256);
  private final Map<String, Integer> tokens = new HashMap<>();
  private long high = 1;
  private long low = 2;

  private Fingerprint() {}

  static Key of(Object root) {
    Fingerprint fingerprint = new Fingerprint();
    fingerprint.add(root);
    return new Key(fingerprint.high, fingerprint.low);
  }

  private void mix(long value) {
    high = (high ^ value) * 0x9E3779B97F4A7C15L;
    high ^= high >>> 32;
    low = Long.rotateLeft(low + value, 27) * 0xC2B2AE3D27D4EB4FL + 0x165667B19E3779F9L;
  }

  private void add(Object object) {
    if (object == null) {
      mix(0);
    } else if (object instanceof Number number && isPlain(object)) {
      mix(number.longValue());
    } else if (object instanceof String text) {
      addText(text);
    } else if (object instanceof Boolean || object instanceof Character) {
      mix(object.hashCode());
    } else if (object instanceof Enum<?> constant) {
      mix(constant.ordinal());
    } else if (object instanceof Duration duration) {
      mix(duration.toNanos());
    } else if (object instanceof Throwable failure) {
      ErrorCode code = ErrorCode.of(failure);
      mix(code == null ? -1 : code.ordinal());
    } else if (!LEFT_OUT_CLASSES.computeIfAbsent(object.getClass(), Fingerprint::isLeftOut)) {
      addReference(object);
    }
  }

  private static boolean isPlain(Object number) {
    return number instanceof Long || number instanceof Integer;
  }

  private static boolean isLeftOut(Class<?> type) {
    return type == Class.class
        || type == Instant.class
        || System.Logger.class.isAssignableFrom(type)
        || LEFT_OUT.contains(type.getName());
  }

  private void addText(String text) {
    if (isToken(text)) {
      mix(tokens.computeIfAbsent(text, t -> -100 - tokens.size()));
    } else {
      mix(text.hashCode());
    }
  }

  private static boolean isToken(String text) {
    return text.length() == 24
        && text.chars().allMatch(c -> c == '-' || c == '_' || Character.isLetterOrDigit(c));
  }

  private void addReference(Object object) {
    Integer before = seen.putIfAbsent(object, seen.size());
    if (before != null) {
      mix(-before - 1);
      return;
    }
    mix(CLASSES.computeIfAbsent(object.getClass(), c -> CLASSES.size()) + 1_000_000L);
    if (object instanceof Collection<?> all) {
      mix(all.size());
      all.forEach(this::add);
    } else if (object instanceof Map<?, ?> map) {
      mix(map.size());
      map.forEach(
          (key, value) -> {
            add(key);
            add(value);
          });
    } else if (object instanceof Object[] all) {
      mix(all.length);
      for (Object one : all) {
        add(one);
      }
    } else if (object instanceof Optional<?> optional) {
      add(optional.orElse(null));
    } else if (object instanceof AtomicLong number) {
      mix(number.get());
    } else if (object instanceof AtomicInteger number) {
      mix(number.get());
    } else if (object instanceof AtomicBoolean flag) {
      mix(flag.get() ? 1 : 2);
    } else if (object instanceof AtomicReference<?> reference) {
      add(reference.get());
    } else if (object instanceof ThreadLocal<?> own) {
      add(own.get());
    } else {
      addFields(object);
    }
  }

  private void addFields(Object object) {
    try {
      for (Field field : FIELDS.computeIfAbsent(object.getClass(), Fingerprint::fields)) {
        if (field.getType() == long.class) {
          mix(field.getLong(object));
        } else {
          add(field.get(object));
        }
      }
    } catch (IllegalAccessException hidden) {
      throw new IllegalStateException(hidden);
    }
  }

  private static Field[] fields(Class<?> type) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> c = type; c != Object.class; c = c.getSuperclass()) {
      if (c.isArray() || (c.getName().startsWith("java.") && c != Record.class)) {
        throw new IllegalStateException("it is not known what is state in " + type);
      }
      for (Field field : c.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())
            && !Modifier.isTransient(field.getModifiers())) {
          field.setAccessible(true);
          fields.add(field);
        }
      }
    }
    return fields.toArray(Field[]::new);
  }
}
