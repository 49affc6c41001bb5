package dev.conclave.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for servers that must know theirs before they start. */
public final class Ports {
  // Below what systems give to outgoing connections, of which the tests make many; and with room
  // for a Redis Cluster's bus, 10 000 above its port.
  private static final int FROM = 11_000;
  private static final int TO = 21_000;

  private Ports() {}

  /** A port that no server listens on now, and that no outgoing connection will take. */
  public static int free() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FROM, TO);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException taken) {
        // try another one
      }
    }
  }
}
