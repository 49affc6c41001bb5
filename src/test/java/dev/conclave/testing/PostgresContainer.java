package dev.conclave.testing;

import java.util.List;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** PostgreSQL in a container, on a port that survives a restart. */
final class PostgresContainer implements PostgresEngine {
  private static final int INSIDE = 5432;

  private final int port = Ports.free();
  private final GenericContainer<?> container =
      new GenericContainer<>("postgres:17-alpine")
          .withEnv("POSTGRES_USER", PostgresServer.USER)
          .withEnv("POSTGRES_PASSWORD", PostgresServer.PASSWORD)
          .withEnv("POSTGRES_DB", "postgres")
          .waitingFor(Wait.forLogMessage(".*ready to accept connections.*\\s", 2));

  PostgresContainer() {
    container.setPortBindings(List.of(port + ":" + INSIDE));
  }

  @Override
  public String kind() {
    return "container";
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public void start() {
    if (container.getContainerId() == null) {
      container.start();
    } else {
      container.getDockerClient().startContainerCmd(container.getContainerId()).exec();
    }
  }

  @Override
  public String superuser() {
    return PostgresServer.USER;
  }

  @Override
  public void stop() {
    container.getDockerClient().stopContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void abort() {
    container
        .getDockerClient()
        .killContainerCmd(container.getContainerId())
        .withSignal("SIGQUIT")
        .exec();
  }

  @Override
  public void crash() {
    container.getDockerClient().killContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void close() {
    container.stop();
  }
}
