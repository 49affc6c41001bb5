package dev.conclave.election;

import static java.lang.System.Logger.Level.WARNING;

import dev.conclave.bus.Argument;
import dev.conclave.bus.ServiceEndpoint;
import dev.conclave.election.work.LeaderVerticle;
import dev.conclave.time.ContextScheduler;
import dev.conclave.time.DetachedDeployment;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** The event bus and the deployments of a Vert.x instance. */
final class VertxElectionHost implements ElectionHost {
  private static final System.Logger LOG = System.getLogger(LeaderElection.class.getName());

  /** The messages of {@link LeaderElectionService} on the event bus. */
  private static final ServiceEndpoint ACCEPTED =
      new ServiceEndpoint().action("status").action("resign", Argument.whole("cooldown"));

  private final Vertx vertx;
  private final ContextScheduler scheduler;
  private final LeadershipPublishing publishing;
  private final boolean clusteredService;
  private final ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
  private final List<MessageConsumer<JsonObject>> consumers = new ArrayList<>();

  VertxElectionHost(Vertx vertx, ContextScheduler scheduler, LeaderElectionOptions options) {
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
                    election));
  }

  private Future<Void> bind(String address, LeaderElectionService service) {
    MessageConsumer<JsonObject> consumer =
        ACCEPTED.bind(
            vertx.eventBus(),
            address,
            !clusteredService,
            new LeaderElectionServiceVertxProxyHandler(vertx, service));
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
   * The deployed verticle is not a child of the verticle that owns the election. So the election
   * undeploys it at the right moment, and not the undeployment of the owner.
   */
  @Override
  public Future<LeaderVerticle.Deployed> deploy(LeaderVerticle.Child child) {
    return DetachedDeployment.of(vertx, classLoader, child.deploy())
        .map(deployment -> () -> undeploy(child, deployment));
  }

  private static Future<Void> undeploy(LeaderVerticle.Child child, DetachedDeployment deployment) {
    return deployment
        .undeploy()
        .onFailure(
            failure ->
                LOG.log(
                    WARNING,
                    "the leader-only verticle " + child.label() + " failed to stop",
                    failure))
        .otherwiseEmpty();
  }
}
