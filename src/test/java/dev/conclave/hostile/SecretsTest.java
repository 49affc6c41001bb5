package dev.conclave.hostile;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.conclave.backend.SyncBackend;
import dev.conclave.lock.LockGrant;
import dev.conclave.lock.LockRequest;
import dev.conclave.testing.Planted;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever holds a secret does not show it when it is put into a message. */
class SecretsTest {
  private static final Set<String> SECRET = Set.of("token", "password");

  static Stream<Class<?>> records() {
    return new ClassFileImporter()
        .importUrl(SyncBackend.class.getProtectionDomain().getCodeSource().getLocation()).stream()
            .filter(JavaClass::isRecord)
            .<Class<?>>map(JavaClass::reflect)
            .filter(
                type ->
                    Stream.of(type.getRecordComponents())
                        .anyMatch(part -> SECRET.contains(part.getName())));
  }

  private static Object value(RecordComponent part) {
    if (SECRET.contains(part.getName())) {
      return Planted.MARKER;
    }
    return switch (part.getType().getName()) {
      case "java.lang.String" -> "plain";
      case "long" -> 1L;
      case "int" -> 1;
      case "boolean" -> false;
      case "java.time.Duration" -> java.time.Duration.ofSeconds(1);
      case "dev.conclave.backend.LeaseKey" -> dev.conclave.backend.LeaseKey.lock("door");
      default -> null;
    };
  }

  @ParameterizedTest
  @MethodSource("records")
  void recordsDoNotShowTheirSecrets(Class<?> type) throws ReflectiveOperationException {
    RecordComponent[] parts = type.getRecordComponents();
    Constructor<?> constructor =
        type.getDeclaredConstructor(
            Stream.of(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
    constructor.setAccessible(true);
    Object made =
        constructor.newInstance(Stream.of(parts).map(SecretsTest::value).toArray(Object[]::new));
    assertThat(made.toString()).doesNotContain(Planted.MARKER);
  }

  @Test
  void thoseRecordsAreFound() {
    assertThat(records().map(Class::getSimpleName).collect(toSet()))
        .contains("LeaseRequest", "PostgresRequest", "Access");
  }

  @Test
  void requestsAndGrantsDoNotEither() {
    assertThat(new LockRequest().setName("n").setToken(Planted.MARKER) + "")
        .contains("\"name\":\"n\"")
        .doesNotContain(Planted.MARKER);
    assertThat(new LockGrant().setName("n").setToken(Planted.MARKER) + "")
        .contains("\"name\":\"n\"")
        .doesNotContain(Planted.MARKER);
  }
}
