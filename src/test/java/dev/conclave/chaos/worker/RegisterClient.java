package dev.conclave.chaos.worker;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import java.util.ArrayDeque;
import java.util.Queue;

/** A worker's way to the {@link FencedRegister}. */
final class RegisterClient implements Fenced {
  /** Vert.x ends a client, and its connections, when nothing refers to it any more. */
  private final NetClient client;

  private final NetSocket socket;
  private final Queue<Promise<String>> asked = new ArrayDeque<>();

  private RegisterClient(NetClient client, NetSocket socket) {
    this.client = client;
    this.socket = socket;
    socket.handler(
        RecordParser.newDelimited("\n", line -> asked.remove().complete(line.toString())));
  }

  static Future<Fenced> connect(Vertx vertx, int port) {
    NetClient client = vertx.createNetClient();
    return client.connect(port, "127.0.0.1").map(socket -> new RegisterClient(client, socket));
  }

  @Override
  public String name() {
    return "register";
  }

  @Override
  public Future<Long> read(String key, long fence, String id) {
    return ask("read " + key + " " + fence + " 0 " + id)
        .map(answer -> answer.equals(FencedRegister.STALE) ? null : Long.valueOf(answer));
  }

  @Override
  public Future<Boolean> write(String key, long fence, long value, String id) {
    return ask("write " + key + " " + fence + " " + value + " " + id)
        .map(answer -> !answer.equals(FencedRegister.STALE));
  }

  private Future<String> ask(String line) {
    Promise<String> answer = Promise.promise();
    asked.add(answer);
    socket.write(line + "\n").onFailure(answer::tryFail);
    return answer.future();
  }
}
