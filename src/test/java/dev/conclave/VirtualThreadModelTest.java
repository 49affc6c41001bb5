package dev.conclave;

import io.vertx.core.ThreadingModel;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

/** Everything on virtual threads. */
@EnabledForJreRange(min = JRE.JAVA_21)
class VirtualThreadModelTest extends ThreadingModelContract {
  @Override
  ThreadingModel model() {
    return ThreadingModel.VIRTUAL_THREAD;
  }
}
