package dev.conclave;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.vertx.core.Vertx;
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

  /** Who makes a Vert.x of its own, and why the one of the JUnit extension does not do. */
  private static final Map<String, String> OWN_VERTX =
      Map.ofEntries(
          Map.entry("CleanCloseTest", "about closing"),
          Map.entry("StartTimeoutTest", "about closing"),
          Map.entry("ServiceFailuresTest", "about closing"),
          Map.entry("LockServiceVerticleTest", "about closing"),
          Map.entry("ConfigurationsTest", "about closing, and what is uncaught until then"),
          Map.entry("MessagesTest", "about closing, and what is uncaught until then"),
          Map.entry("SchedulersTest", "about closing"),
          Map.entry("ContextSchedulerTest", "one event loop only"),
          Map.entry("NetClientCount", "counts the clients that Vert.x makes"),
          Map.entry("ContractFixture", "extended by projects without vertx-junit5"),
          Map.entry("LeaderElectionContract", "several processes, each with its Vert.x"),
          Map.entry("LeaderElectionVerticleTest", "several processes, each with its Vert.x"),
          Map.entry("LockServiceContract", "several processes, each with its Vert.x"),
          Map.entry("KubernetesElectionTest", "several processes, each with its Vert.x"),
          Map.entry("LoopbackCluster", "the nodes of a cluster"),
          Map.entry("ChaosWorker", "a process of its own"),
          Map.entry("FakeApiServer", "a server, which outlives the client's Vert.x"));

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

  @Test
  void testsUseTheVertxOfTheExtensionUnlessThereIsAReason() {
    Set<String> own =
        new ClassFileImporter()
            .importPath("target/test-classes").stream()
                .filter(type -> !type.getPackageName().equals("dev.conclave.examples"))
                .filter(TestArchitectureTest::makesVertx)
                .map(type -> type.getName().replaceAll(".*\\.|\\$.*", ""))
                .collect(toSet());
    assertThat(own).isEqualTo(OWN_VERTX.keySet());
  }

  private static boolean makesVertx(JavaClass type) {
    return type.getMethodCallsFromSelf().stream()
        .anyMatch(
            call ->
                call.getTargetOwner().isEquivalentTo(Vertx.class)
                    && Set.of("vertx", "clusteredVertx", "builder").contains(call.getName()));
  }
}
