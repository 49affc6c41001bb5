package dev.conclave.chaos.worker;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.lock.DistributedLock;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockOptions;
import dev.conclave.lock.LockServiceOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * One process of a campaign: lock clients, lease clients and elections on one backend, which work
 * as hard as they can, log every answer, and end on SIGTERM. Started with one argument, a {@link
 * WorkerConfig} as JSON.
 */
public final class ChaosWorker {
  public static final String READY = "worker is ready";

  private final WorkerConfig config;
  private final EventLog log;
  private final Claims claims;
  private final Vertx vertx =
      Vertx.vertx(
          new VertxOptions()
              .setEventLoopPoolSize(2)
              .setMaxEventLoopExecuteTime(20)
              .setMaxEventLoopExecuteTimeUnit(TimeUnit.SECONDS));
  private final List<ElectionClient> elections = new ArrayList<>();
  private FencedWork work;
  private SoakWork soak;
  private LockManager service;
  private SyncBackend backend;
  private volatile boolean stopping;

  private ChaosWorker(WorkerConfig config) {
    this.config = config;
    this.log = new EventLog(config.worker(), Path.of(config.log()));
    this.claims = new Claims(log, config.worker(), System::nanoTime);
    claims.start();
  }

  /** Runs until SIGTERM. */
  public static void main(String[] arguments) {
    ChaosWorker worker = new ChaosWorker(WorkerConfig.of(new JsonObject(arguments[0])));
    Runtime.getRuntime().addShutdownHook(new Thread(worker::stop));
    worker.vertx.runOnContext(start -> worker.connect());
  }

  String name() {
    return config.worker();
  }

  EventLog log() {
    return log;
  }

  Claims claims() {
    return claims;
  }

  FencedWork work() {
    return work;
  }

  boolean stopping() {
    return stopping;
  }

  /** The backend may be away just now: a worker goes on trying. */
  private void connect() {
    new StallMeter(vertx, log);
    new WorkerCommands(vertx.getOrCreateContext(), log);
    if (config.held() > 0) {
      new Usage(log, vertx, this);
    }
    RegisterClient.connect(vertx, config.register())
        .onSuccess(
            register -> {
              List<Fenced> fenced = new ArrayList<>(List.of(register));
              if (config.table() != null) {
                fenced.add(new FencedTable(vertx, config.table()));
              }
              work = new FencedWork(vertx, log, fenced);
              open();
            })
        .onFailure(Throwable::printStackTrace);
  }

  private void open() {
    Backends.connect(vertx, config.backend())
        .onFailure(
            away -> {
              if (!stopping) {
                vertx.setTimer(200, timer -> open());
              }
            })
        .onSuccess(this::start);
  }

  private void start(SyncBackend connected) {
    SyncBackend opened = new RecordedBackend(connected, log, config.worker());
    backend = opened;
    System.out.println(READY);
    service =
        LockManager.create(
            vertx, opened, new LockServiceOptions().setBackendTimeout(Limits.LOCK_TIMEOUT));
    Random seeds = new Random(config.seed());
    for (int i = 0; i < config.clients(); i++) {
      String name = config.worker() + "-c" + i;
      new LockClient(vertx, service, this, name, seeds.nextLong(), config.keys()).next();
    }
    for (int i = 0; i < config.leases(); i++) {
      String name = config.worker() + "-l" + i;
      new LeaseClient(vertx, service, this, name, seeds.nextLong()).next();
    }
    for (int i = 0; i < config.elections(); i++) {
      // One label for all workers: the label proves nothing.
      String label = i == 0 ? "same" : config.worker();
      ElectionClient election =
          new ElectionClient(vertx, opened, this, label, "election-" + i, seeds.nextLong());
      elections.add(election);
      election.start();
    }
    if (config.held() > 0) {
      soak = new SoakWork(vertx, this, connected, service, config.leaks());
      soak.start();
    }
    for (int i = 0; i < config.held(); i++) {
      hold("own-" + config.worker() + "-" + i);
    }
  }

  /**
   * A lock that no other client wants, renewed as long as it can be and taken again when it is
   * lost.
   */
  private void hold(String key) {
    if (stopping) {
      return;
    }
    LockOptions options = new LockOptions().setLeaseDuration(3_000).setRenew(true);
    DistributedLock.create(vertx, service, key, options)
        .acquire()
        .onFailure(away -> vertx.setTimer(500, timer -> hold(key)))
        .onSuccess(handle -> handle.onLost(() -> hold(key)));
  }

  private void stop() {
    stopping = true;
    Future<?> ended = Future.succeededFuture();
    if (service != null) {
      ended =
          Future.join(
                  Future.join(elections.stream().map(ElectionClient::stop).toList()),
                  soak == null ? Future.succeededFuture() : soak.stop(),
                  service.close())
              .transform(stopped -> backend.close());
    }
    try {
      ended.transform(closed -> vertx.close()).await(8, TimeUnit.SECONDS);
    } catch (Exception late) {
      System.out.println("the worker did not stop in time: " + late);
    }
    claims.stop();
    log.close();
  }
}
