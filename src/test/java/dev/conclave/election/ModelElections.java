package dev.conclave.election;

import dev.conclave.backend.SyncBackend;
import dev.conclave.election.work.LeaderVerticle;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import java.util.function.Consumer;

/** Makes elections as the product does, without an event bus and without randomness. */
public final class ModelElections {
  private ModelElections() {}

  /**
   * A worker's election.
   *
   * @param events receives what the event bus would receive
   */
  public static LeaderElection create(
      Scheduler scheduler,
      SyncBackend backend,
      LeaderElectionOptions options,
      Consumer<LeadershipEvent> events) {
    return new Elector(scheduler, backend, options, new Bus(events), () -> 0);
  }

  private record Bus(Consumer<LeadershipEvent> events) implements ElectionHost {
    @Override
    public Future<Void> open(LeaderElection election) {
      return Future.succeededFuture();
    }

    @Override
    public Future<Void> close() {
      return Future.succeededFuture();
    }

    @Override
    public void publish(LeadershipEvent event) {
      events.accept(event);
    }

    @Override
    public Future<LeaderVerticle.Deployed> deploy(LeaderVerticle.Child child) {
      throw new UnsupportedOperationException("no verticles here");
    }
  }
}
