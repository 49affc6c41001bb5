package dev.conclave.examples;

import dev.conclave.Conclave;
import dev.conclave.election.LeaderElection;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.function.LongConsumer;

/** Work that runs every minute, on the leader only. */
public final class EveryMinute {
  private EveryMinute() {}

  /**
   * Completes with the {@link Conclave} to close when the work must end.
   *
   * @param every how often the work runs: a minute, or less in a test
   * @param work gets the fencing token of the leadership it runs under
   */
  public static Future<Conclave> run(
      Vertx vertx, JsonObject config, Duration every, LongConsumer work) {
    // tag::every-minute[]
    return Conclave.connect(vertx, config)
        .onSuccess(
            conclave -> {
              LeaderElection election = conclave.election("cleaner");
              vertx.setPeriodic(every.toMillis(), timer -> election.fencingToken().ifPresent(work));
            });
    // end::every-minute[]
  }

  /** Runs it in this process, until the process is ended. */
  public static void main(String[] args) {
    Vertx vertx = Vertx.vertx();
    JsonObject memory = new JsonObject().put("type", "memory");
    run(
            vertx,
            new JsonObject().put("backend", memory).put("requires", "process"),
            Duration.ofMinutes(1),
            token -> System.out.println("cleaning under fencing token " + token))
        .onSuccess(
            conclave ->
                Runtime.getRuntime()
                    .addShutdownHook(
                        new Thread(
                            () ->
                                conclave.close().toCompletionStage().toCompletableFuture().join())))
        .onFailure(Throwable::printStackTrace);
  }
}
