package dev.conclave.chaos.store;

import static dev.conclave.chaos.fault.Fault.OVER;

import dev.conclave.chaos.fault.Fault;
import dev.conclave.chaos.fault.FaultProxy;
import dev.conclave.chaos.verdict.Event;
import dev.conclave.chaos.verdict.EventLog;
import dev.conclave.chaos.verdict.History;
import dev.conclave.chaos.verdict.LeaseModel;
import dev.conclave.chaos.verdict.LeaseOperation;
import dev.conclave.chaos.verdict.Limits;
import dev.conclave.chaos.verdict.SequentialLease;
import dev.conclave.chaos.worker.FencedTable;
import dev.conclave.testing.PostgresServer;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** One PostgreSQL that keeps what it has committed. */
public final class PostgresStore implements ChaosStore {
  private static final String POSTGRES = "postgres";

  private static final String CRASH = "crash and recovery";
  private static final String ABORT = "immediate shutdown and recovery";

  /** The state 53100 is that of a full disk. */
  private static final String FULL =
      """
      CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON conclave_lease
      FOR EACH ROW EXECUTE FUNCTION full_disk()
      """;

  private final PostgresServer server;
  private final String database;
  private final List<FaultProxy> proxies = new ArrayList<>();

  public PostgresStore(int workers) {
    server = PostgresServer.start();
    database = server.freshDatabase();
    // Servers for tests are often set up to be fast rather than safe.
    server.execute(POSTGRES, "ALTER DATABASE " + database + " SET synchronous_commit = on");
    server.execute(database, FencedTable.CREATE);
    for (int i = 0; i < workers; i++) {
      proxies.add(new FaultProxy("127.0.0.1", server.port()));
    }
  }

  @Override
  public String name() {
    return "PostgreSQL";
  }

  @Override
  public JsonObject backend(int worker) {
    String port = ":" + server.port() + "/";
    String uri = server.uri(database).replace(port, ":" + proxies.get(worker).port() + "/");
    return new JsonObject()
        .put("type", "postgres")
        .put("timeout", 1_000)
        .put("idleRetention", IDLE)
        .put("uri", uri);
  }

  @Override
  public List<FaultProxy> proxies() {
    return proxies;
  }

  @Override
  public String table() {
    return server.uri(database);
  }

  @Override
  public List<Fault> faults() {
    return List.of(
        Fault.durable(
            "pg_terminate_backend",
            random -> {
              terminate();
              return OVER;
            }),
        down(CRASH, server::crash),
        down(ABORT, server::abort),
        down("shutdown and restart", server::stop),
        Fault.durable("table locked", random -> lock()),
        Fault.durable(
            "connection limit",
            random -> {
              limit(0);
              terminate();
              return () -> limit(-1);
            }),
        Fault.durable(
            "full disk",
            random -> {
              server.execute(database, "SET lock_timeout = '2s';" + FULL);
              return () ->
                  server.execute(
                      database,
                      "SET synchronous_commit = on; DROP TRIGGER full_disk ON conclave_lease");
            }));
  }

  private Fault down(String name, Runnable ending) {
    return Fault.durable(
        name,
        random -> {
          ending.run();
          return server::restart;
        });
  }

  private void terminate() {
    server.execute(
        POSTGRES,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"
            + database
            + "'");
  }

  private void limit(int connections) {
    // Durably: what the next crash undid would stay forever.
    server.execute(
        POSTGRES,
        "SET synchronous_commit = on; ALTER DATABASE "
            + database
            + " CONNECTION LIMIT "
            + connections);
  }

  private Fault.Healing lock() throws SQLException {
    Connection connection = server.connect(database);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("LOCK TABLE conclave_lease IN ACCESS EXCLUSIVE MODE");
    }
    return connection::close;
  }

  @Override
  public void writes(EventLog log) {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT seq, type, key, fence, value, id FROM fenced_log")) {
      while (rows.next()) {
        log.add(
            Event.Type.valueOf(rows.getString("type")),
            "table " + rows.getString("key"),
            rows.getString("id"),
            rows.getLong("seq"),
            rows.getLong("fence"),
            0,
            rows.getString("value"));
      }
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * A release that is an offer is not on the disk before it has been claimed. An immediate shutdown
   * writes no more than a crash does.
   */
  @Override
  public SequentialLease lease(List<LeaseOperation> all, List<History.Span> faults) {
    List<History.Span> crashes =
        faults.stream().filter(f -> f.id().equals(CRASH) || f.id().equals(ABORT)).toList();
    return new LeaseModel(all, Limits.LATE, Limits.OFFER, crashes);
  }

  PostgresServer server() {
    return server;
  }

  String database() {
    return database;
  }

  @Override
  public void close() {
    proxies.forEach(FaultProxy::close);
    server.close();
  }
}
