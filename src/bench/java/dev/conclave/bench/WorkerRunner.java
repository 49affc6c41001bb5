package dev.conclave.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;

/** Runs cycles in a worker process. */
final class WorkerRunner implements Runner {
  private final WorkerProcess worker;

  WorkerRunner(WorkerProcess worker) {
    this.worker = worker;
  }

  @Override
  public String id() {
    return worker.contender().id();
  }

  @Override
  public String title() {
    return worker.contender().title();
  }

  @Override
  public Result cycles(int inFlight, long millis) throws IOException {
    JsonObject answer =
        worker.ask(
            new JsonObject().put("do", "cycles").put("loops", inFlight).put("millis", millis));
    return new Result(
        answer.getLong("done") * 1e9 / answer.getLong("nanos"),
        answer.getLong("cpuNanos") / 1e3 / Math.max(1, answer.getLong("done")),
        Tally.decode(answer.getString("histogram")),
        answer.getLong("errors"),
        answer.getString("firstError"));
  }

  @Override
  public void close() throws IOException {
    worker.close();
  }
}
