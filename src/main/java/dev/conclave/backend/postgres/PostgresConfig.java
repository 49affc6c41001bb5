package dev.conclave.backend.postgres;

import dev.conclave.config.ConfigSchema;
import dev.conclave.error.ErrorCode;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.JksOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.PfxOptions;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A backend's configuration, checked.
 *
 * @param connect where and as whom to connect
 * @param table the table of leases
 * @param autoMigrate whether a missing table is created
 * @param notifications whether a second connection listens
 * @param timeout within which every call ends
 * @param idleRetention how long the record of an idle key is kept
 */
record PostgresConfig(
    PgConnectOptions connect,
    TableName table,
    boolean autoMigrate,
    boolean notifications,
    Duration timeout,
    Duration idleRetention) {
  static final long DEFAULT_TIMEOUT = 5_000;
  static final long DEFAULT_IDLE_RETENTION = Duration.ofDays(1).toMillis();

  /**
   * The longest statement that the client keeps prepared. Its default is too short for our
   * statements.
   */
  private static final int CACHED_SQL = 16_384;

  /** Parameters of other clients, which a URI that was made for those may have. */
  private static final List<String> WITHOUT_EFFECT =
      List.of(
          "target_session_attrs",
          "currentSchema",
          "pgbouncer",
          "connect_timeout",
          "sslrootcert",
          "sslcert",
          "sslkey",
          "channel_binding");

  static PostgresConfig of(JsonObject config) {
    ConfigSchema.named("backend-postgres").check("backend", config);
    boolean pooling = config.getBoolean("transactionPooling", false);
    if (pooling && config.getBoolean("notifications", false)) {
      throw ErrorCode.INVALID.failure(
          "backend.notifications is true; expected false, or nothing, when"
              + " backend.transactionPooling is true: no connection listens behind such a pooler");
    }
    PgConnectOptions connect =
        connectOptions(config.getString("uri"), config.getJsonObject("options"));
    return new PostgresConfig(
        addressed(encrypted(pooling ? pooled(connect) : connect)),
        TableName.parse(config.getString("table", TableName.DEFAULT)),
        config.getBoolean("autoMigrate", true),
        config.getBoolean("notifications", !pooling),
        Duration.ofMillis(config.getLong("timeout", DEFAULT_TIMEOUT)),
        Duration.ofMillis(config.getLong("idleRetention", DEFAULT_IDLE_RETENTION)));
  }

  private static PgConnectOptions connectOptions(String uri, JsonObject options) {
    if (uri == null && options == null) {
      throw ErrorCode.INVALID.failure(
          "backend.uri is missing; expected a URI such as postgresql://user@host:5432/database,"
              + " or backend.options");
    }
    PgConnectOptions base = uri == null ? new PgConnectOptions() : parse(uri);
    base.setCachePreparedStatements(true).setPreparedStatementCacheSqlLimit(CACHED_SQL);
    if (options == null) {
      return base;
    }
    JsonObject plain = options.copy();
    JsonObject ssl = (JsonObject) plain.remove("sslOptions");
    if (plain.containsKey("sslMode")) {
      plain.put("sslMode", plain.getString("sslMode").toUpperCase(Locale.ROOT).replace('-', '_'));
    }
    PgConnectOptions merged = merge(base, plain);
    return ssl == null ? merged : merged.setSslOptions(sslOptions(ssl));
  }

  /**
   * For a pooler that gives each transaction any of its connections: what was prepared on one is
   * unknown on the next, and the client sends each statement as a whole. PgBouncer refuses a
   * setting that it does not know, such as one that the client sends by default.
   */
  private static PgConnectOptions pooled(PgConnectOptions connect) {
    Map<String, String> settings = new HashMap<>(connect.getProperties());
    settings.remove("extra_float_digits");
    return connect
        .setCachePreparedStatements(false)
        .setUseLayer7Proxy(true)
        .setProperties(settings);
  }

  /** As in libpq: without trusted certificates, a mode that does not require them only encrypts. */
  private static PgConnectOptions encrypted(PgConnectOptions connect) {
    SslMode mode = connect.getSslMode();
    if (mode == SslMode.DISABLE || connect.getSslOptions() != null) {
      return connect;
    }
    if (mode == SslMode.VERIFY_CA || mode == SslMode.VERIFY_FULL) {
      throw ErrorCode.INVALID.failure(
          "backend has the sslmode "
              + mode.name().toLowerCase(Locale.ROOT).replace('_', '-')
              + " and no certificates to trust; expected them in backend.options.sslOptions,"
              + " such as pemTrustOptions");
    }
    return connect.setSslOptions(
        new ClientSSLOptions().setTrustAll(true).setHostnameVerificationAlgorithm(""));
  }

  /** Refuses parameters that the client ignores, or sends to the server as settings. */
  private static void refuseWithoutEffect(String uri) {
    for (String name : WITHOUT_EFFECT) {
      if (uri.matches(".*[?&]" + name + "=.*")) {
        throw ErrorCode.INVALID.failure(
            "backend.uri has the parameter " + name + ", which has no effect here; remove it");
      }
    }
  }

  /** The client reads the address only while it connects; if that fails, it hangs forever. */
  private static PgConnectOptions addressed(PgConnectOptions connect) {
    try {
      connect.getSocketAddress();
      return connect;
    } catch (RuntimeException refused) {
      throw ErrorCode.INVALID.failure(
          "backend.uri or backend.options.host has the host \""
              + connect.getHost()
              + "\" and the port "
              + connect.getPort()
              + "; expected a host name or an address");
    }
  }

  /**
   * The exception's message is not passed on, as in {@link #parse}. The client's merge loses the
   * cache limit, so it is set again.
   */
  private static PgConnectOptions merge(PgConnectOptions base, JsonObject options) {
    try {
      return base.merge(
          new JsonObject().put("preparedStatementCacheSqlLimit", CACHED_SQL).mergeIn(options));
    } catch (RuntimeException refused) {
      throw ErrorCode.INVALID.failure(
          "backend.options has a wrong value; expected the PgConnectOptions of Vert.x");
    }
  }

  /** The parser's message may repeat the password, so it is not passed on. */
  private static PgConnectOptions parse(String uri) {
    PgConnectOptions parsed;
    try {
      parsed = PgConnectOptions.fromUri(uri);
    } catch (RuntimeException notOne) {
      throw ErrorCode.INVALID.failure(
          "backend.uri is not a PostgreSQL URI; expected one such as"
              + " postgresql://user@host:5432/database, with special characters %-encoded");
    }
    refuseWithoutEffect(uri);
    return parsed;
  }

  /** Vert.x reads all of these options from JSON, except the certificates. */
  private static ClientSSLOptions sslOptions(JsonObject json) {
    try {
      ClientSSLOptions ssl = new ClientSSLOptions(json);
      if (json.containsKey("pemTrustOptions")) {
        ssl.setTrustOptions(new PemTrustOptions(json.getJsonObject("pemTrustOptions")));
      }
      if (json.containsKey("jksTrustOptions")) {
        ssl.setTrustOptions(new JksOptions(json.getJsonObject("jksTrustOptions")));
      }
      if (json.containsKey("pfxTrustOptions")) {
        ssl.setTrustOptions(new PfxOptions(json.getJsonObject("pfxTrustOptions")));
      }
      if (json.containsKey("pemKeyCertOptions")) {
        ssl.setKeyCertOptions(new PemKeyCertOptions(json.getJsonObject("pemKeyCertOptions")));
      }
      return ssl;
    } catch (RuntimeException wrong) {
      throw ErrorCode.INVALID.failure(
          "backend.options.sslOptions has a wrong value; expected the ClientSSLOptions of Vert.x");
    }
  }

  /** The server's name for messages: no user, no password. */
  String where() {
    return connect.getHost() + ":" + connect.getPort() + "/" + connect.getDatabase();
  }
}
