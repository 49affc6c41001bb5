package dev.conclave.election;

import dev.conclave.bus.Argument;
import dev.conclave.bus.ServiceMessages;
import dev.conclave.time.ContextScheduler;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The event bus and the deployments of a Vert.x instance. */
final class VertxOutside implements Outside {
  /** {@link LeaderElectionService} as it travels on the event bus. */
  private static final ServiceMessages ACCEPTED =
      new ServiceMessages().action("status").action("resign", Argument.whole("cooldown"));

  private final Vertx vertx;
  private final ContextScheduler scheduler;
  private final LeadershipPublishing publishing;
  private final boolean clusteredService;
  private final ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
  private final List<MessageConsumer<JsonObject>> consumers = new ArrayList<>();

  VertxOutside(Vertx vertx, ContextScheduler scheduler, LeaderElectionOptions options) {
    this.vertx = vertx;
    this.scheduler = scheduler;
    this.publishing = options.getPublish();
    this.clusteredService = options.isClusteredService();
  }

  @Override
  public Future<Void> open(LeaderElection election) {
    return bind(
            LeaderElectionService.address(election.election()),
            new SharedElectionService(vertx, election))
        .compose(
            bound ->
                bind(
                    LeaderElectionService.workerAddress(election.election(), election.worker()),
                    new WorkerElectionService(election)));
  }

  private Future<Void> bind(String address, LeaderElectionService service) {
    EventBus bus = vertx.eventBus();
    var handler = new LeaderElectionServiceVertxProxyHandler(vertx, service);
    MessageConsumer<JsonObject> consumer =
        clusteredService
            ? ACCEPTED.listen(bus, address, handler)
            : ACCEPTED.listenLocally(bus, address, handler);
    consumers.add(consumer);
    return consumer.completion();
  }

  @Override
  public Future<Void> close() {
    scheduler.close();
    return Future.join(consumers.stream().map(MessageConsumer::unregister).toList()).mapEmpty();
  }

  @Override
  public void publish(LeadershipEvent event) {
    if (publishing != LeadershipPublishing.NONE) {
      vertx
          .eventBus()
          .publish(
              LeadershipEvent.address(event.getElection()),
              event.toJson(),
              new DeliveryOptions().setLocalOnly(publishing == LeadershipPublishing.LOCAL));
    }
  }

  /**
   * Deploys it from a thread that belongs to no verticle. Otherwise it would be a child of the
   * verticle whose election this is, and Vert.x would wait for it, without a bound, before that
   * verticle hears that it is to stop.
   */
  @Override
  public Future<Deployed> deploy(Child child) {
    Promise<Deployed> deployed = Promise.promise();
    LeaderOnlyVerticle parent = new LeaderOnlyVerticle(vertx, child);
    DeploymentOptions options = new DeploymentOptions().setClassLoader(classLoader);
    CompletableFuture.supplyAsync(() -> parent.deploy(options))
        .whenComplete(
            (deployment, thrown) -> {
              if (thrown == null) {
                deployment.onComplete(deployed);
              } else {
                deployed.fail(thrown);
              }
            });
    return deployed.future();
  }
}
