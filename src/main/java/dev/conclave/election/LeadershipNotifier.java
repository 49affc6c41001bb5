package dev.conclave.election;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import dev.conclave.time.CallerContext;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Reports one change after the other: to the log, then to the handlers, then to the bus. */
final class LeadershipNotifier {
  private final System.Logger log;
  private final String election;
  private final String worker;
  private final Scheduler scheduler;
  private final Consumer<LeadershipEvent> bus;
  private final List<Handler<LeadershipEvent>> handlers = new CopyOnWriteArrayList<>();

  LeadershipNotifier(
      System.Logger log,
      LeaderElectionOptions options,
      Scheduler scheduler,
      Consumer<LeadershipEvent> bus) {
    this.log = log;
    this.election = options.getElection();
    this.worker = options.getWorker();
    this.scheduler = scheduler;
    this.bus = bus;
  }

  void add(Handler<LeadershipEvent> handler) {
    handlers.add(handler);
  }

  void changed(View view, LeadershipReason reason) {
    LeadershipEvent event =
        new LeadershipEvent()
            .setElection(election)
            .setWorker(worker)
            .setLeading(view.term() != null)
            .setLeader(view.leader())
            .setFencingToken(view.fencingToken())
            .setReason(reason)
            .setAt(scheduler.now().toString());
    log(event);
    handlers.forEach(handler -> call(handler, event));
    call(bus::accept, event);
  }

  private void log(LeadershipEvent event) {
    boolean trouble =
        event.getReason() == LeadershipReason.LOST
            || event.getReason() == LeadershipReason.RENEWAL_FAILED;
    log.log(
        trouble ? WARNING : INFO,
        () ->
            "election '"
                + event.getElection()
                + "', worker '"
                + event.getWorker()
                + "': "
                + event.getReason().wireName()
                + consequence(event)
                + ", fencing token "
                + event.getFencingToken());
  }

  private static String consequence(LeadershipEvent event) {
    if (event.getReason().isEnd()) {
      return ", this worker does not lead any more";
    }
    if (event.isLeading()) {
      return ", this worker leads";
    }
    return event.getLeader() == null
        ? " that no worker leads"
        : " that '" + event.getLeader() + "' leads";
  }

  /** Calls one handler; what it throws is logged. */
  void call(Handler<LeadershipEvent> handler, LeadershipEvent event) {
    CallerContext.attempt(
            () -> {
              handler.handle(event);
              return Future.succeededFuture();
            })
        .onFailure(
            thrown ->
                log.log(
                    ERROR, "a listener of election '" + event.getElection() + "' failed", thrown));
  }
}
