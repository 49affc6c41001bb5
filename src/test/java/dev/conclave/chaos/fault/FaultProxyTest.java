package dev.conclave.chaos.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.conclave.testing.Async;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The proxy does what its faults promise, and stops doing it when it is healed. */
class FaultProxyTest {
  private static final int SHORTLY = 300;

  private final List<Integer> received = new CopyOnWriteArrayList<>();
  private ServerSocket echo;
  private FaultProxy proxy;
  private Socket worker;

  @BeforeEach
  void connect() throws IOException {
    echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread server = new Thread(this::serve);
    server.setDaemon(true);
    server.start();
    proxy = new FaultProxy("127.0.0.1", echo.getLocalPort());
    worker = open();
  }

  @AfterEach
  void close() throws IOException {
    worker.close();
    proxy.close();
    echo.close();
  }

  private void serve() {
    while (!echo.isClosed()) {
      try {
        Socket client = echo.accept();
        Thread thread = new Thread(() -> answer(client));
        thread.setDaemon(true);
        thread.start();
      } catch (IOException closed) {
        // the test is over
      }
    }
  }

  private void answer(Socket client) {
    try (client) {
      InputStream in = client.getInputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        received.add(b);
        client.getOutputStream().write(b);
      }
    } catch (IOException gone) {
      // as it should be
    }
  }

  private Socket open() throws IOException {
    Socket socket = new Socket("127.0.0.1", proxy.port());
    socket.setSoTimeout((int) Async.PATIENCE.toMillis());
    return socket;
  }

  private void send(int b) throws IOException {
    worker.getOutputStream().write(b);
  }

  private int answer() throws IOException {
    return worker.getInputStream().read();
  }

  private void assertSilence() throws IOException {
    worker.setSoTimeout(SHORTLY);
    assertThatThrownBy(this::answer).isInstanceOf(SocketTimeoutException.class);
    worker.setSoTimeout((int) Async.PATIENCE.toMillis());
  }

  private void assertWorks() throws IOException {
    send(7);
    assertThat(answer()).isEqualTo(7);
  }

  @Test
  void passesBytesInOrder() throws IOException {
    for (int i = 0; i < 100; i++) {
      send(i);
    }
    for (int i = 0; i < 100; i++) {
      assertThat(answer()).isEqualTo(i);
    }
    assertThat(received).as("nothing is duplicated").hasSize(100);
  }

  @Test
  void delays() throws IOException {
    assertWorks();
    proxy.delay(Duration.ofMillis(100));
    long sent = System.nanoTime();
    assertWorks();
    assertThat(System.nanoTime() - sent).isGreaterThanOrEqualTo(200_000_000);
    proxy.delay(Duration.ofHours(1));
    proxy.heal();
    assertWorks();
  }

  @Test
  void throttles() throws IOException {
    assertWorks();
    proxy.throttle(10);
    long sent = System.nanoTime();
    assertWorks();
    assertThat(System.nanoTime() - sent).isGreaterThanOrEqualTo(200_000_000);
    proxy.throttle(1);
    proxy.heal();
    assertWorks();
  }

  @Test
  void aBlackHoleKeepsWhatItTookUntilItHeals() throws IOException {
    assertWorks();
    proxy.blackHole();
    send(1);
    assertSilence();
    assertThat(received).hasSize(1);
    proxy.heal();
    assertThat(answer()).isEqualTo(1);
  }

  @Test
  void droppedAnswersAreCarriedOutAndNeverCome() throws IOException {
    assertWorks();
    proxy.dropAnswers();
    send(1);
    assertSilence();
    assertThat(received).hasSize(2);
    proxy.heal();
    assertThat(answer()).as("the connection ends").isNegative();
  }

  @Test
  void halfOpenConnectionsAreSilentUntilTheyHeal() throws IOException {
    assertWorks();
    proxy.halfOpen();
    send(1);
    assertSilence();
    assertThat(received).hasSize(1);
    proxy.heal();
    assertThat(answer()).as("it ends").isNegative();
    worker = reopened();
    assertWorks();
  }

  private Socket reopened() throws IOException {
    worker.close();
    return open();
  }

  @Test
  void cutsAndTakesNewConnections() throws IOException {
    assertWorks();
    proxy.cut();
    assertThat(answer()).isNegative();
    Async.eventually("it is forgotten", () -> proxy.connections() == 0);
    worker = reopened();
    assertWorks();
  }

  @Test
  void resets() throws IOException {
    assertWorks();
    proxy.reset();
    assertThatThrownBy(this::answer).isInstanceOf(IOException.class);
  }

  @Test
  void refuses() throws IOException {
    proxy.refuse();
    assertThatThrownBy(
            () -> {
              worker = reopened();
              assertWorks();
            })
        .isInstanceOfAny(IOException.class, AssertionError.class);
    assertThat(received).isEmpty();
    proxy.heal();
    worker = reopened();
    assertWorks();
  }
}
