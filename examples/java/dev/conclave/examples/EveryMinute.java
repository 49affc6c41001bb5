package dev.conclave.examples;

import dev.conclave.backend.Backends;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.function.LongConsumer;

/** A task that runs every minute, on the leader only. */
public final class EveryMinute {
  private EveryMinute() {}

  /**
   * Completes with the election, which goes on.
   *
   * @param every a minute, or less where nobody wants to wait so long
   * @param task gets the fencing token of the leadership it runs under
   */
  public static Future<LeaderElection> run(
      Vertx vertx, JsonObject backend, Duration every, LongConsumer task) {
    // tag::every-minute[]
    return Backends.connect(vertx, backend)
        .map(
            connected -> {
              LeaderElection election =
                  LeaderElection.create(
                      vertx, connected, new LeaderElectionOptions().setElection("cleaner"));
              election.start();
              vertx.setPeriodic(every.toMillis(), timer -> election.fencingToken().ifPresent(task));
              return election;
            });
    // end::every-minute[]
  }

  /** Runs it in this process. */
  public static void main(String[] args) {
    run(
            Vertx.vertx(),
            new JsonObject().put("type", "memory"),
            Duration.ofMinutes(1),
            token -> System.out.println("cleaning under fencing token " + token))
        .onFailure(Throwable::printStackTrace);
  }
}
