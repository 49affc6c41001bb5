package dev.conclave;

import io.vertx.core.ThreadingModel;

/** Everything on worker threads. */
class WorkerModelTest extends ThreadingModelContract {
  @Override
  ThreadingModel model() {
    return ThreadingModel.WORKER;
  }
}
