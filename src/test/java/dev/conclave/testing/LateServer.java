package dev.conclave.testing;

import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.net.URI;

/**
 * The address of a server that is not there yet: connections to its port are refused until it is
 * opened, and go to the server from then on. Ends with its Vert.x.
 */
public final class LateServer {
  private final Vertx vertx;
  private final URI server;
  private final int port = Ports.free();

  /**
   * @param server the URI of the server that does listen, with its host and port
   */
  public LateServer(Vertx vertx, String server) {
    this.vertx = vertx;
    this.server = URI.create(server);
  }

  /** The server's URI, with this port of the loopback interface. */
  public String uri() {
    String place = server.getHost() + ":" + server.getPort();
    return server.toString().replace(place, "127.0.0.1:" + port);
  }

  /** Lets connections through from now on. */
  public void open() {
    NetClient client = vertx.createNetClient();
    Async.get(
        vertx
            .createNetServer()
            .connectHandler(
                socket -> {
                  socket.pause();
                  client
                      .connect(server.getPort(), server.getHost())
                      .onSuccess(upstream -> join(socket, upstream))
                      .onFailure(refused -> socket.close());
                })
            .listen(port, "127.0.0.1"));
  }

  private static void join(NetSocket one, NetSocket other) {
    one.pipeTo(other);
    other.pipeTo(one);
    one.resume();
  }
}
