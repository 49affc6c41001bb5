package dev.conclave.bench;

import dev.conclave.bench.peers.BarePostgres;
import dev.conclave.bench.peers.Contender.Server;
import dev.conclave.bench.peers.ShedLocks;
import dev.conclave.bench.peers.SpringLocks;
import dev.conclave.testing.RedisServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;

/**
 * The servers that everybody shares, and what they count. {@code CONCLAVE_TEST_REDIS} and {@code
 * CONCLAVE_TEST_POSTGRES} name running ones; else they are started here, PostgreSQL with durable
 * commits.
 */
final class Servers implements AutoCloseable {
  private EmbeddedPostgres ownPostgres;
  private String redis;
  private String postgres;
  private RedisClient redisClient;
  private StatefulRedisConnection<String, String> redisConnection;
  private Connection sql;

  /** The URI for those that need Redis, else null. Starts the server when first asked. */
  String redis(Server needed) throws java.io.IOException {
    if (needed == Server.REDIS && redis == null) {
      redis = RedisServer.shared().uri();
      redisClient = RedisClient.create(redis);
      redisConnection = redisClient.connect();
    }
    return needed == Server.REDIS ? redis : null;
  }

  /** The URI for those that need PostgreSQL, else null. Starts the server when first asked. */
  String postgres(Server needed) throws java.io.IOException {
    if (needed == Server.POSTGRES && postgres == null) {
      postgres = System.getenv("CONCLAVE_TEST_POSTGRES");
      if (postgres == null) {
        ownPostgres =
            EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("max_connections", "400")
                .setServerConfig("shared_buffers", "256MB")
                .setServerConfig("max_wal_size", "4GB")
                .start();
        postgres =
            "postgresql://postgres:postgres@127.0.0.1:" + ownPostgres.getPort() + "/postgres";
      }
      try {
        sql = connect();
        execute(BarePostgres.TABLE);
        execute(SpringLocks.TABLE);
        execute(ShedLocks.TABLE);
      } catch (SQLException broken) {
        throw new java.io.IOException(broken);
      }
    }
    return needed == Server.POSTGRES ? postgres : null;
  }

  boolean isStarted(Server server) {
    return server == Server.REDIS ? redis != null : server == Server.POSTGRES && postgres != null;
  }

  URI postgresUri() {
    return URI.create(postgres);
  }

  private Connection connect() throws SQLException {
    URI uri = postgresUri();
    String[] user = uri.getUserInfo().split(":", 2);
    return DriverManager.getConnection(
        "jdbc:postgresql://" + uri.getHost() + ":" + uri.getPort() + uri.getPath(),
        user[0],
        user.length > 1 ? user[1] : "");
  }

  /** What describes the server in the report. */
  String describe(Server server) throws SQLException {
    return switch (server) {
      case REDIS ->
          redisConnection
              .sync()
              .info("server")
              .lines()
              .filter(line -> line.startsWith("redis_version"))
              .findFirst()
              .orElse("?");
      case POSTGRES ->
          text("SELECT version()")
              + ", fsync "
              + text("SHOW fsync")
              + ", synchronous_commit "
              + text("SHOW synchronous_commit")
              + ", full_page_writes "
              + text("SHOW full_page_writes");
      case NONE -> "";
    };
  }

  /** Takes away what earlier measurements left: everybody begins on the same ground. */
  void tidy(Server server) throws SQLException, java.io.IOException {
    if (redis(server) != null) {
      redisConnection.sync().flushall();
    }
    if (postgres(server) != null) {
      execute("VACUUM");
    }
  }

  /**
   * Commands that clients have sent so far. Redis: scripts, plain writes of keys outside of scripts
   * are not told apart from those inside, so scripts and subscriptions are what is counted, and
   * {@code SET} only for those who run no scripts. PostgreSQL: transactions.
   */
  long commands(Server server) throws SQLException, InterruptedException {
    if (server == Server.POSTGRES) {
      // A backend tells the statistics at most once a second.
      Thread.sleep(1_500);
      execute("SELECT pg_stat_clear_snapshot()");
      return Long.parseLong(
          text(
              "SELECT sum(xact_commit + xact_rollback)::bigint FROM pg_stat_database"
                  + " WHERE datname = current_database()"));
    }
    if (server == Server.NONE) {
      return 0;
    }
    long sum = 0;
    for (Map.Entry<String, Long> command : redisCommands().entrySet()) {
      if (command.getKey().matches("eval.*|fcall.*|.*subscribe|ping")) {
        sum += command.getValue();
      }
    }
    return sum;
  }

  /** The processor time that the server has used, in microseconds; NaN when it does not tell. */
  double cpuMicros(Server server) {
    if (server != Server.REDIS) {
      return Double.NaN;
    }
    return 1e6
        * redisConnection
            .sync()
            .info("cpu")
            .lines()
            .filter(line -> line.matches("used_cpu_(sys|user):.*"))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1)))
            .sum();
  }

  private Map<String, Long> redisCommands() {
    Map<String, Long> calls = new TreeMap<>();
    redisConnection
        .sync()
        .info("commandstats")
        .lines()
        .filter(line -> line.startsWith("cmdstat_"))
        .forEach(
            line -> {
              String name = line.substring("cmdstat_".length(), line.indexOf(':'));
              String count = line.substring(line.indexOf("calls=") + 6, line.indexOf(','));
              calls.put(name, Long.parseLong(count));
            });
    return calls;
  }

  /** How many connections clients have open. */
  int connections(Server server) throws SQLException {
    return switch (server) {
      case REDIS -> (int) redisConnection.sync().clientList().lines().count() - 1;
      case POSTGRES ->
          Integer.parseInt(
                  text(
                      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client"
                          + " backend'"))
              - 1;
      case NONE -> 0;
    };
  }

  private void execute(String statement) throws SQLException {
    try (Statement jdbc = sql.createStatement()) {
      jdbc.execute(statement);
    }
  }

  private String text(String query) throws SQLException {
    try (Statement jdbc = sql.createStatement();
        ResultSet rows = jdbc.executeQuery(query)) {
      rows.next();
      return rows.getString(1);
    }
  }

  @Override
  public void close() throws Exception {
    if (redisClient != null) {
      redisClient.shutdown();
    }
    if (sql != null) {
      sql.close();
    }
    if (ownPostgres != null) {
      ownPostgres.close();
    }
  }
}
