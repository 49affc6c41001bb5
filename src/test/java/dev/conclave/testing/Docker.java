package dev.conclave.testing;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a Docker engine answers on its socket; asked once, for at most half a second. */
public final class Docker {
  private static final boolean ANSWERS = ping();

  private Docker() {}

  /** Whether containers can be started here. */
  public static boolean answers() {
    return ANSWERS;
  }

  private static boolean ping() {
    String host = System.getenv().getOrDefault("DOCKER_HOST", "unix:///var/run/docker.sock");
    if (!host.startsWith("unix://")) {
      return true; // a remote engine is set on purpose
    }
    Path socket = Path.of(host.substring("unix://".length()));
    if (!Files.exists(socket)) {
      return false;
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(
          ByteBuffer.wrap(
              "GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      return selector.select(500) > 0 && channel.read(ByteBuffer.allocate(64)) > 0;
    } catch (Exception nobodyThere) {
      return false;
    }
  }
}
