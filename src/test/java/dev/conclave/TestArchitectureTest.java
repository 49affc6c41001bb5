package dev.conclave;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
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

/** Which room of the campaigns may use which. */
class TestArchitectureTest {
  private static final String CHAOS = "dev.conclave.chaos";

  private static final Map<String, Set<String>> ARROWS =
      Map.of(
          CHAOS + ".campaign", rooms("worker", "fault", "store", "verdict"),
          CHAOS + ".store", rooms("worker", "fault", "verdict"),
          CHAOS + ".worker", rooms("verdict"),
          CHAOS + ".fault", rooms("verdict"),
          CHAOS + ".verdict", Set.of());

  private static final JavaClasses CAMPAIGNS = new ClassFileImporter().importPackages(CHAOS);

  static Stream<String> packages() {
    return ARROWS.keySet().stream().sorted();
  }

  @Test
  void everyRoomHasItsArrows() {
    assertThat(CAMPAIGNS.stream().map(JavaClass::getPackageName).collect(toSet()))
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
        .onlyDependOnClassesThat(resideOutsideOfPackage(CHAOS + "..").or(resideInAnyPackage(known)))
        .check(CAMPAIGNS);
  }

  private static Set<String> rooms(String... names) {
    return Stream.of(names).map(name -> CHAOS + "." + name).collect(toSet());
  }
}
