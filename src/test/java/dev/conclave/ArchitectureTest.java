package dev.conclave;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.conclave.backend.SyncBackend;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package may know which: verticles → lock, election, task → SPI ← the backends. */
class ArchitectureTest {
  private static final String ROOT = "dev.conclave";
  private static final String TIME = "dev.conclave.time";
  private static final String BUS = "dev.conclave.bus";
  private static final String REDIS = "dev.conclave.backend.redis";
  private static final String KUBERNETES = "dev.conclave.backend.kubernetes";
  private static final String POSTGRES = "dev.conclave.backend.postgres";

  private static final String ERROR = "dev.conclave.error";
  private static final String CONFIG = "dev.conclave.config";
  private static final String SPI = "dev.conclave.backend";

  private static final Set<String> FOR_SPI = Set.of(ERROR, TIME, CONFIG);
  private static final Set<String> FOR_SUPPORT = plus(FOR_SPI, SPI);
  private static final Set<String> FOR_ENGINES = plus(FOR_SUPPORT, "dev.conclave.backend.support");
  private static final Set<String> FOR_LEASE = plus(FOR_SUPPORT, BUS);
  private static final Set<String> FOR_SERVICES = plus(FOR_LEASE, "dev.conclave.lease");
  private static final Set<String> FOR_TASKS =
      plus(FOR_SERVICES, "dev.conclave.lock", "dev.conclave.election");

  /** Every package, with the others of ours that it may use. The arrows have no cycle. */
  private static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry(ROOT, plus(FOR_TASKS, "dev.conclave.task", "dev.conclave.task.declared")),
          Map.entry("dev.conclave.task.declared", plus(FOR_TASKS, "dev.conclave.task")),
          Map.entry(
              "dev.conclave.task",
              plus(FOR_TASKS, "dev.conclave.task.schedule", "dev.conclave.task.guard")),
          Map.entry("dev.conclave.task.guard", plus(FOR_TASKS, "dev.conclave.task.schedule")),
          Map.entry("dev.conclave.task.schedule", Set.of(ERROR, TIME)),
          Map.entry("dev.conclave.lock", FOR_SERVICES),
          Map.entry("dev.conclave.election", plus(FOR_SERVICES, "dev.conclave.election.work")),
          Map.entry("dev.conclave.election.work", Set.of(ERROR, TIME)),
          Map.entry("dev.conclave.lease", FOR_LEASE),
          Map.entry("dev.conclave.backend.memory", FOR_ENGINES),
          Map.entry(REDIS, FOR_ENGINES),
          Map.entry(POSTGRES, FOR_ENGINES),
          Map.entry(KUBERNETES, plus(FOR_ENGINES, KUBERNETES + ".api", KUBERNETES + ".object")),
          Map.entry(KUBERNETES + ".api", FOR_ENGINES),
          Map.entry(KUBERNETES + ".object", FOR_ENGINES),
          Map.entry("dev.conclave.backend.support", FOR_SUPPORT),
          Map.entry(SPI, FOR_SPI),
          Map.entry(BUS, Set.of(ERROR, TIME)),
          Map.entry(CONFIG, Set.of(ERROR, TIME)),
          Map.entry(TIME, Set.of(ERROR)),
          Map.entry(ERROR, Set.of()));

  private static final JavaClasses LIBRARY =
      new ClassFileImporter()
          .importUrl(SyncBackend.class.getProtectionDomain().getCodeSource().getLocation());

  static Stream<String> packages() {
    return ARROWS.keySet().stream().sorted();
  }

  @Test
  void everyPackageHasItsPlace() {
    assertThat(LIBRARY.stream().map(JavaClass::getPackageName).collect(toSet()))
        .as("packages, of which each has an entry among the arrows")
        .contains(ROOT, "dev.conclave.backend")
        .isSubsetOf(ARROWS.keySet());
  }

  @ParameterizedTest
  @MethodSource("packages")
  void arrowsRunOneWay(String name) {
    String[] known = plus(ARROWS.get(name), name).toArray(String[]::new);
    classes()
        .that()
        .resideInAPackage(name)
        .should()
        .onlyDependOnClassesThat(resideOutsideOfPackage(ROOT + "..").or(resideInAnyPackage(known)))
        .allowEmptyShould(true)
        .check(LIBRARY);
  }

  @Test
  void nothingUsesTheInsidesOfVertx() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.vertx..impl..", "io.vertx..internal..")
        .check(LIBRARY);
  }

  @Test
  void clientsOfServersAreKnownToTheirBackendsOnly() {
    onlyIn(REDIS, "io.vertx.redis..");
    onlyIn(POSTGRES, "io.vertx.sqlclient..", "io.vertx.pgclient..");
  }

  private static void onlyIn(String backend, String... client) {
    noClasses()
        .that()
        .resideOutsideOfPackage(backend)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(client)
        .check(LIBRARY);
  }

  @Test
  void nothingSleeps() {
    noClasses()
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(Thread.class, "sleep", long.class, int.class)
        .orShould()
        .callMethod("java.lang.Thread", "sleep", "java.time.Duration")
        .check(LIBRARY);
  }

  @Test
  void clocksAreReadInOnePlace() {
    noClasses()
        .that()
        .resideOutsideOfPackage(TIME)
        .and()
        .haveSimpleNameNotEndingWith("VertxProxyHandler") // generated; expires its own binding
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethodWhere(describe("it is java.time's now()", ArchitectureTest::isNow))
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Clock.class)
        .check(LIBRARY);
    noClasses().should().callMethod(System.class, "currentTimeMillis").check(LIBRARY);
  }

  private static boolean isNow(JavaMethodCall call) {
    return call.getName().equals("now")
        && call.getTargetOwner().getPackageName().equals("java.time");
  }

  private static Set<String> plus(Set<String> some, String... more) {
    return Stream.concat(some.stream(), Stream.of(more)).collect(toSet());
  }
}
