package dev.conclave.backend.redis;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A server that speaks Redis' protocol, older version, and answers commands with whatever bytes a
 * test says.
 */
final class FakeRedis implements AutoCloseable {
  private static final byte[] OK = bytes("+OK\r\n");

  /** Answers by command, as they go over the wire. */
  final Map<String, byte[]> answers = new ConcurrentHashMap<>();

  /** After an answer to one of these the connection is closed. */
  final Set<String> closing = ConcurrentHashMap.newKeySet();

  private final ServerSocket socket;
  private final Map<Socket, String> channels = new ConcurrentHashMap<>();

  FakeRedis() {
    try {
      socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    answers.put("HELLO", bytes("-ERR unknown command 'HELLO'\r\n"));
    answers.put("PING", bytes("+PONG\r\n"));
    daemon(this::accept);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  int port() {
    return socket.getLocalPort();
  }

  /** Sends this to all who have subscribed, with their first channel for {@code <channel>}. */
  void tell(String message) {
    channels.forEach(
        (to, channel) -> {
          String subject = "$" + channel.length() + "\r\n" + channel + "\r\n";
          send(to, bytes(message.replace("<channel>", subject)));
        });
  }

  int subscribers() {
    return channels.size();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        daemon(() -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        DataInputStream in =
            new DataInputStream(new BufferedInputStream(client.getInputStream()))) {
      while (true) {
        List<String> command = command(in);
        String name = command.get(0).toUpperCase();
        if (name.equals("SUBSCRIBE")) {
          channels.putIfAbsent(client, command.get(1));
          String channel = command.get(1);
          send(
              client,
              bytes(
                  "*3\r\n$9\r\nsubscribe\r\n$"
                      + channel.length()
                      + "\r\n"
                      + channel
                      + "\r\n:1\r\n"));
        } else {
          send(client, answers.getOrDefault(name, OK));
        }
        if (closing.contains(name)) {
          return;
        }
      }
    } catch (IOException gone) {
      // the client has left
    } finally {
      channels.remove(client);
    }
  }

  private static void send(Socket to, byte[] bytes) {
    try {
      synchronized (to) {
        OutputStream out = to.getOutputStream();
        out.write(bytes);
        out.flush();
      }
    } catch (IOException gone) {
      // the client has left
    }
  }

  private static List<String> command(DataInputStream in) throws IOException {
    int parts = Integer.parseInt(line(in).substring(1));
    List<String> command = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      byte[] part = new byte[Integer.parseInt(line(in).substring(1))];
      in.readFully(part);
      line(in);
      command.add(new String(part, StandardCharsets.UTF_8));
    }
    return command;
  }

  private static String line(DataInputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.readUnsignedByte(); c != '\n'; c = in.readUnsignedByte()) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "fake-redis");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket client : channels.keySet()) {
      client.close();
    }
  }
}
