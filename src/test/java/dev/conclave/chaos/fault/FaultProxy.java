package dev.conclave.chaos.fault;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP proxy between workers and a server that misbehaves on command. It never duplicates a byte.
 *
 * <ul>
 *   <li>{@link #delay}, {@link #throttle}: bytes come late, or slowly, in order.
 *   <li>{@link #cut}, {@link #reset}: connections end with FIN or RST; new ones are taken.
 *   <li>{@link #blackHole}: nothing passes in either direction and nothing ends, as behind a cut
 *       cable; what was sent meanwhile arrives when it heals, as TCP would send it again.
 *   <li>{@link #halfOpen}: the server's side is gone and the worker does not notice.
 *   <li>{@link #dropAnswers}: requests arrive, answers do not; healing ends those connections,
 *       because their streams have holes.
 *   <li>{@link #refuse}: new connections are ended at once.
 *   <li>{@link #heal}: all of it ends.
 * </ul>
 */
public final class FaultProxy implements AutoCloseable {
  private enum Mode {
    PASS,
    BLACK_HOLE,
    DROP_ANSWERS
  }

  private final ServerSocket listener;
  private final InetSocketAddress upstream;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();

  private volatile Mode mode = Mode.PASS;
  private volatile boolean refusing;
  private volatile long delayNanos;
  private volatile int bytesPerSecond = Integer.MAX_VALUE;

  /** Listens on a free port of the loopback interface and forwards to the server. */
  public FaultProxy(String host, int port) {
    upstream = new InetSocketAddress(host, port);
    try {
      listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon("proxy-" + port, this::accept).start();
  }

  /** Where workers connect. */
  public int port() {
    return listener.getLocalPort();
  }

  /** The authority of the server's URI, with this address instead of the server's. */
  public String authority(URI server) {
    String login = server.getRawUserInfo() == null ? "" : server.getRawUserInfo() + "@";
    return login + "127.0.0.1:" + port();
  }

  /** The port that it forwards to. */
  public int target() {
    return upstream.getPort();
  }

  /** How many connections are open. */
  public int connections() {
    return links.size();
  }

  /** How many of them still have the server's side. */
  public long alive() {
    return links.stream().filter(link -> !link.serverLost).count();
  }

  /** Every byte comes this much later. */
  public void delay(Duration delay) {
    delayNanos = delay.toNanos();
  }

  /** At most this many bytes per second, connection and direction. */
  public void throttle(int bytes) {
    bytesPerSecond = bytes;
  }

  /** Ends all connections in the orderly way. */
  public void cut() {
    links.forEach(link -> link.end(false));
  }

  /** Ends all connections with a reset. */
  public void reset() {
    links.forEach(link -> link.end(true));
  }

  /** Nothing passes, nothing ends. */
  public void blackHole() {
    mode = Mode.BLACK_HOLE;
  }

  /** The server's side ends; the worker's side stays open and silent. */
  public void halfOpen() {
    links.forEach(Link::loseServer);
  }

  /** Requests pass, answers are thrown away. */
  public void dropAnswers() {
    mode = Mode.DROP_ANSWERS;
  }

  /** New connections end at once. */
  public void refuse() {
    refusing = true;
  }

  /** Everything passes again. */
  public void heal() {
    Mode before = mode;
    mode = Mode.PASS;
    refusing = false;
    delayNanos = 0;
    bytesPerSecond = Integer.MAX_VALUE;
    if (before == Mode.DROP_ANSWERS) {
      cut();
    }
    links.stream().filter(link -> link.serverLost).forEach(link -> link.end(false));
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException alreadyGone) {
      // closing is all that was wanted
    }
    cut();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket worker = listener.accept();
        if (refusing) {
          worker.setSoLinger(true, 0);
          worker.close();
        } else {
          daemon("link", () -> connect(worker)).start();
        }
      } catch (IOException closed) {
        // closed, or a worker that went away at once
      }
    }
  }

  private void connect(Socket worker) {
    Socket server = new Socket();
    try {
      server.connect(upstream, 2_000);
      worker.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
    } catch (IOException nobodyThere) {
      closeQuietly(worker, true);
      closeQuietly(server, true);
      return;
    }
    Link link = new Link(worker, server);
    links.add(link);
    daemon("requests", () -> link.pump(worker, server, false)).start();
    daemon("answers", () -> link.pump(server, worker, true)).start();
  }

  private final class Link {
    private final Socket worker;
    private final Socket server;
    private volatile boolean serverLost;
    private volatile boolean ended;

    private Link(Socket worker, Socket server) {
      this.worker = worker;
      this.server = server;
    }

    private void pump(Socket from, Socket to, boolean answers) {
      byte[] buffer = new byte[16 * 1024];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          waitOut(read);
          if (serverLost || (answers && mode == Mode.DROP_ANSWERS)) {
            continue;
          }
          out.write(buffer, 0, read);
        }
      } catch (IOException gone) {
        // one side ended: so does the other
      }
      if (!serverLost || !answers) {
        end(false);
      }
    }

    private void waitOut(int bytes) {
      long pause = delayNanos + bytes * 1_000_000_000L / bytesPerSecond;
      long until = System.nanoTime() + pause;
      while (!ended && (mode == Mode.BLACK_HOLE || System.nanoTime() - until < 0)) {
        LockSupport.parkNanos(Math.min(2_000_000, Math.max(50_000, until - System.nanoTime())));
      }
    }

    private void loseServer() {
      serverLost = true;
      closeQuietly(server, false);
    }

    private void end(boolean reset) {
      ended = true;
      links.remove(this);
      closeQuietly(worker, reset);
      closeQuietly(server, reset);
    }
  }

  private static void closeQuietly(Socket socket, boolean reset) {
    try {
      if (reset) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    } catch (IOException alreadyGone) {
      // closing is all that was wanted
    }
  }

  private static Thread daemon(String name, Runnable action) {
    Thread thread = new Thread(action, name);
    thread.setDaemon(true);
    return thread;
  }
}
