package dev.conclave.backend.redis;

import io.vertx.redis.client.Request;

/** What travels to Redis: an operation on a lease, which shares a script call, or a command. */
sealed interface RedisAsk permits LeaseOp, RedisAsk.Plain {

  /** A command of its own, sent as it is. */
  record Plain(Request request) implements RedisAsk {
    @Override
    public String toString() {
      return request.command().toString();
    }
  }
}
