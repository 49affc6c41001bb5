package dev.conclave.backend.kubernetes;

import static dev.conclave.testing.Async.eventually;
import static dev.conclave.testing.Async.get;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.testing.CapturedLog;
import dev.conclave.testing.LateServer;
import io.vertx.core.Future;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An API server that is not there yet when a program starts. */
class KubernetesStartTest extends FakeApiServerFixture {
  @Test
  void aServerThatComesMeanwhileIsUsed() {
    LateServer late = new LateServer(vertx, server.url());
    try (CapturedLog log = CapturedLog.of(Backends.class)) {
      Future<SyncBackend> connected =
          Backends.connect(
              vertx, server.config("lease").put("apiServer", late.uri()), Duration.ofMinutes(1));
      eventually("it waits", () -> log.messages().size() == 1);
      late.open();
      get(get(connected).close());
    }
  }
}
