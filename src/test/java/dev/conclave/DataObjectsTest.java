package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderDeployment;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.lock.LockGrant;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockRequest;
import dev.conclave.testing.Planted;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What data objects show of themselves in a log. */
class DataObjectsTest {
  static Stream<Class<?>> dataObjects() {
    return new ClassFileImporter()
        .importUrl(SyncBackend.class.getProtectionDomain().getCodeSource().getLocation()).stream()
            .filter(type -> type.isAnnotatedWith(DataObject.class))
            .map(JavaClass::reflect);
  }

  @Test
  void allAreFound() {
    assertThat(dataObjects()).hasSizeGreaterThan(10);
  }

  @ParameterizedTest
  @MethodSource("dataObjects")
  void isShownAsItsJson(Class<?> type) throws ReflectiveOperationException {
    Object empty = type.getConstructor(JsonObject.class).newInstance(new JsonObject());
    JsonObject json = (JsonObject) type.getMethod("toJson").invoke(empty);
    assertThat(new JsonObject(empty.toString())).isEqualTo(json);
  }

  @Test
  void tokensAndOtherPeoplesConfigurationStaySecret() {
    String secret = Planted.MARKER;
    LeaderDeployment deployment =
        new LeaderDeployment("v")
            .setOptions(
                new DeploymentOptions()
                    .setConfig(new JsonObject().put("password", secret))
                    .setInstances(3));
    for (Object object :
        List.of(
            new LockGrant().setName("n").setToken(secret).setFencingToken(7),
            new LockRequest().setName("n").setToken(secret).setOwner("o"),
            deployment,
            new LeaderElectionOptions("n").setDeploy(List.of(deployment)))) {
      assertThat(object.toString()).doesNotContain(secret);
      assertThat(new JsonObject(object.toString())).isNotEmpty();
    }
    assertThat(new LockGrant().setName("n").setToken(secret).setFencingToken(7).toString())
        .contains("\"name\":\"n\"", "\"fencingToken\":7");
    assertThat(deployment.toString()).contains("\"instances\":3");
  }

  @Test
  void aFieldThatIsNotJsonDoesNotFail() {
    LockOptions options = new LockOptions().setMetadata(new JsonObject().put("x", new Object()));
    assertThat(options.toString()).isNotEmpty();
  }
}
