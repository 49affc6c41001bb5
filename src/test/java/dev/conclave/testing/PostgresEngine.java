package dev.conclave.testing;

/** Something that runs a PostgreSQL server, for {@link PostgresServer} only. */
interface PostgresEngine extends AutoCloseable {
  String kind();

  int port();

  /** Starts it, the first time or again. */
  void start();

  void stop();

  void crash();

  @Override
  void close();
}
