package dev.conclave.testing;

/** Something that runs a PostgreSQL server, for {@link PostgresServer} only. */
interface PostgresEngine extends AutoCloseable {
  String kind();

  int port();

  /** Starts it, the first time or again. */
  void start();

  /** Who may do everything, with {@link PostgresServer#PASSWORD} if with any. */
  String superuser();

  void stop();

  /** An immediate shutdown: without finishing anything, so that the next start recovers. */
  void abort();

  void crash();

  @Override
  void close();
}
