package dev.conclave.testing;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;

/**
 * A real PostgreSQL for tests: that of {@code CONCLAVE_TEST_POSTGRES} (a URI), else a container
 * where a Docker engine answers, else an embedded one. Its user has a SCRAM password.
 */
public final class PostgresServer implements AutoCloseable {
  /** The user of servers that tests start, with a password that has to be encoded in a URI. */
  public static final String USER = "conclave";

  /** That user's password. */
  public static final String PASSWORD = "p@ss:w0rd/%" + Planted.MARKER;

  private final PostgresEngine engine;
  private final String base;
  private final String user;
  private final String password;
  private final String database;

  private PostgresServer(
      PostgresEngine engine, String base, String user, String password, String database) {
    this.engine = engine;
    this.base = base;
    this.user = user;
    this.password = password;
    this.database = database;
  }

  /** The server that all tests of this JVM share; it ends with the JVM. */
  public static PostgresServer shared() {
    return Shared.SERVER;
  }

  private static final class Shared {
    private static final PostgresServer SERVER = open();

    private static PostgresServer open() {
      String uri = System.getenv("CONCLAVE_TEST_POSTGRES");
      PostgresServer server = uri == null ? start() : external(URI.create(uri));
      System.out.println("PostgreSQL for tests: " + server.description());
      return server;
    }
  }

  /** A server of one's own, which may be stopped and broken. */
  public static PostgresServer start() {
    PostgresEngine engine =
        Docker.answers() ? new PostgresContainer() : new EmbeddedPostgresEngine();
    engine.start();
    return new PostgresServer(engine, "127.0.0.1:" + engine.port(), USER, PASSWORD, "postgres");
  }

  /** An embedded server of one's own, on this clock. */
  public static PostgresServer startWithClock(WallClock clock) {
    PostgresEngine engine = new EmbeddedPostgresEngine(clock.environment());
    engine.start();
    return new PostgresServer(engine, "127.0.0.1:" + engine.port(), USER, PASSWORD, "postgres");
  }

  private static PostgresServer external(URI uri) {
    String[] login = uri.getUserInfo() == null ? new String[0] : uri.getUserInfo().split(":", 2);
    return new PostgresServer(
        null,
        uri.getHost() + ":" + (uri.getPort() < 0 ? 5432 : uri.getPort()),
        login.length > 0 ? login[0] : "postgres",
        login.length > 1 ? login[1] : "",
        uri.getPath().substring(1));
  }

  private String description() {
    String version = one(database, "SHOW server_version");
    String kind = engine == null ? "external" : engine.kind();
    return kind + " " + version + " on port " + port();
  }

  /** The port; it stays the same when the server is restarted. */
  public int port() {
    return Integer.parseInt(base.substring(base.lastIndexOf(':') + 1));
  }

  /** Where to connect to the server's first database. */
  public String uri() {
    return uri(database);
  }

  /** Where to connect to this database. */
  public String uri(String name) {
    String login = encoded(user) + (password.isEmpty() ? "" : ":" + encoded(password));
    return "postgresql://" + login + "@" + base + "/" + name;
  }

  /** Makes an empty database and answers its name. */
  public String freshDatabase() {
    String name = "t_" + UUID.randomUUID().toString().replace("-", "");
    execute(database, "CREATE DATABASE " + name);
    return name;
  }

  /** Runs statements in this database. */
  public void execute(String in, String sql) {
    try (Connection connection = connect(in);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  /** Runs statements as one who may do everything, on a server of one's own. */
  public void administer(String in, String sql) {
    try (Connection connection = login(in, engine.superuser(), PASSWORD);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  /** The first column of the query's first row, as text; null when there is none. */
  public String one(String in, String sql) {
    return one(in, user, password, sql);
  }

  /** As {@link #one}, asked by one who may know everything, on a server of one's own. */
  public String known(String sql) {
    return one("postgres", engine.superuser(), PASSWORD, sql);
  }

  private String one(String in, String as, String with, String sql) {
    try (Connection connection = login(in, as, with);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : null;
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  /** A connection that the test owns. */
  public Connection connect(String to) {
    try {
      return login(to, user, password);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private Connection login(String to, String as, String with) throws SQLException {
    return DriverManager.getConnection("jdbc:postgresql://" + base + "/" + to, as, with);
  }

  /** Lets clients connect with TLS, on a server of one's own. */
  public void enableTls(Certificate certificate) {
    write("server.crt", certificate.pem());
    write("server.key", certificate.key());
    administer("postgres", "ALTER SYSTEM SET ssl = on");
    administer("postgres", "SELECT pg_reload_conf()");
    Async.eventually("TLS is on", () -> "on".equals(one("postgres", "SHOW ssl")));
  }

  /** Writes into the server's data directory, wherever that is. */
  private void write(String file, String text) {
    administer(
        "postgres",
        "COPY (SELECT unnest(string_to_array($$"
            + text
            + "$$, E'\\n'))) TO PROGRAM 'umask 077; cat > "
            + file
            + "'");
  }

  /** Shuts down in an orderly way; {@link #restart} brings it back with its data. */
  public void stop() {
    engine.stop();
  }

  /**
   * Shuts down immediately, as {@code pg_ctl stop -m immediate} does; {@link #restart} recovers its
   * data.
   */
  public void abort() {
    engine.abort();
  }

  /** Kills the server at once; {@link #restart} brings it back with its data. */
  public void crash() {
    engine.crash();
  }

  /** Starts it again on the same port. */
  public void restart() {
    engine.start();
  }

  /** Ends a server of one's own and drops its data. */
  @Override
  public void close() {
    if (engine != null) {
      engine.close();
    }
  }

  private static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
