package dev.conclave.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A blocking connection for tests that look at a Redis from outside; knows nothing of Vert.x. */
public final class RedisCli implements AutoCloseable {
  /** What Redis answered with an error. */
  public static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  private final Socket socket;
  private final InputStream in;

  /** Connects, and authenticates when the URI has a password. */
  public RedisCli(String uri) throws IOException {
    URI parsed = URI.create(uri);
    socket = new Socket(parsed.getHost(), parsed.getPort() < 0 ? 6379 : parsed.getPort());
    socket.setSoTimeout((int) Async.PATIENCE.toMillis());
    in = new BufferedInputStream(socket.getInputStream());
    if (parsed.getRawUserInfo() != null) {
      String[] parts = parsed.getRawUserInfo().split(":", 2);
      String password = URLDecoder.decode(parts[1], StandardCharsets.UTF_8);
      call("AUTH", parts[0].isEmpty() ? "default" : parts[0], password);
    }
  }

  /** The answer: a String, a Long, a List or null. */
  public Object call(String... command) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(("*" + command.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
    for (String part : command) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      out.write(("$" + bytes.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
      out.write(bytes);
      out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    socket.getOutputStream().write(out.toByteArray());
    return read();
  }

  private Object read() throws IOException {
    String line = line();
    String rest = line.substring(1);
    switch (line.charAt(0)) {
      case '+':
        return rest;
      case '-':
        throw new Refused(rest);
      case ':':
        return Long.valueOf(rest);
      case '$':
        int length = Integer.parseInt(rest);
        if (length < 0) {
          return null;
        }
        byte[] bytes = in.readNBytes(length + 2);
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
      case '*':
        int size = Integer.parseInt(rest);
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          list.add(read());
        }
        return list;
      default:
        throw new IOException("unknown answer " + line);
    }
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\r'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      line.write(c);
    }
    in.read();
    return line.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
