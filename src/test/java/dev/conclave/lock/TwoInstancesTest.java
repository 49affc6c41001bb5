package dev.conclave.lock;

import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import org.junit.jupiter.api.extension.ExtendWith;

/** Both instances in one process. */
@ExtendWith(VertxExtension.class)
class TwoInstancesTest extends TwoInstancesContract {
  private final Vertx vertx;

  TwoInstancesTest(Vertx vertx) {
    this.vertx = vertx;
  }

  @Override
  Vertx vertx(int instance) {
    return vertx;
  }
}
