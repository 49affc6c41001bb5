package dev.conclave;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which room of the campaigns, and of the model, may use which. */
class TestArchitectureTest {
  private static final String CHAOS = "dev.conclave.chaos.";
  private static final String MODEL = "dev.conclave.model.";

  private static final Map<String, Set<String>> ARROWS =
      Map.of(
          CHAOS + "campaign", rooms(CHAOS, "worker", "fault", "store", "verdict"),
          CHAOS + "store", rooms(CHAOS, "worker", "fault", "verdict"),
          CHAOS + "worker", rooms(CHAOS, "verdict"),
          CHAOS + "fault", rooms(CHAOS, "verdict"),
          CHAOS + "verdict", Set.of(),
          MODEL + "scenario", rooms(MODEL, "search", "world"),
          MODEL + "search", rooms(MODEL, "world"),
          MODEL + "world", Set.of());

  private static final JavaClasses ROOMS =
      new ClassFileImporter().importPackages("dev.conclave.chaos", "dev.conclave.model");

  static Stream<String> packages() {
    return ARROWS.keySet().stream().sorted();
  }

  @Test
  void everyRoomHasItsArrows() {
    assertThat(ROOMS.stream().map(JavaClass::getPackageName).collect(toSet()))
        .isEqualTo(ARROWS.keySet());
  }

  @ParameterizedTest
  @MethodSource("packages")
  void arrowsRunOneWay(String room) {
    String[] known =
        Stream.concat(Stream.of(room), ARROWS.get(room).stream()).toArray(String[]::new);
    classes()
        .that()
        .resideInAPackage(room)
        .should()
        .onlyDependOnClassesThat(
            resideOutsideOfPackages("dev.conclave.chaos..", "dev.conclave.model..")
                .or(resideInAnyPackage(known)))
        .check(ROOMS);
  }

  private static Set<String> rooms(String base, String... names) {
    return Stream.of(names).map(name -> base + name).collect(toSet());
  }
}
