package dev.conclave.bench.peers;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/** Conclave's elections, seen as locks: to hold one is to lead, to give it back is to stop. */
public final class ElectionLocks implements AsyncLocks {
  private final Place place;
  private final SyncBackend backend;

  private ElectionLocks(Place place, SyncBackend backend) {
    this.place = place;
    this.backend = backend;
  }

  /** Elections over the backend of this configuration. */
  public static Future<Locks> open(Place place, JsonObject config) {
    return Backends.connect(place.vertx(), config)
        .map(backend -> new ElectionLocks(place, backend));
  }

  @Override
  public Future<LeaderElection> acquire(String name, long who) {
    long lease = place.leaseMillis();
    LeaderElection election =
        LeaderElection.create(
            place.vertx(),
            backend,
            new LeaderElectionOptions()
                .setElection(name)
                .setLeaseDuration(lease)
                .setRenewDeadline(lease * 2 / 3)
                .setRetryInterval(lease * 2 / 15)
                .setBackendTimeout(lease / 3));
    return election.start().compose(started -> election.awaitLeadership()).map(election);
  }

  @Override
  public Future<Void> release(String name, long who, Object held) {
    return ((LeaderElection) held).close();
  }

  @Override
  public Future<LeaderElection> hold(String name, long who) {
    return acquire(name, who);
  }

  @Override
  public void close() throws Exception {
    backend.close().await();
  }
}
