package dev.conclave.backend.redis;

import dev.conclave.backend.Lease;
import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeasePage;
import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Walks through the records of one kind and prefix with SCAN.
 *
 * <ol>
 *   <li>One SCAN per page. It may return more names than a page may show. The page's {@code next}
 *       contains the rest, which the following page shows first. So this client keeps no state, and
 *       no name is lost when the table is rehashed between two pages.
 *   <li>In a cluster the masters are walked in the order of their slots. SCAN is run by a script
 *       whose key lies in the master's slots, because that is how the client finds a server.
 *   <li>Each name is looked up as any other find, in one batch; expired leases are left out.
 * </ol>
 */
final class RedisListing {
  private static final String SCAN =
      "return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3], 'TYPE', 'hash')";

  private static final int LEAST_COUNT = 100;

  /** The state of a walk: the slot that names the server, its cursor, names not shown yet. */
  private record Position(int slot, String cursor, List<String> names) {
    private static final String DONE = "";

    static Position parse(String page) {
      if (page == null) {
        return new Position(0, "0", List.of());
      }
      try {
        JsonArray parts = new JsonArray(page);
        List<String> names = new ArrayList<>();
        parts.getJsonArray(2).forEach(name -> names.add((String) name));
        if (!parts.getString(1).matches("\\d*") || !ClusterSlot.exists(parts.getInteger(0))) {
          throw new IllegalArgumentException();
        }
        return new Position(parts.getInteger(0), parts.getString(1), names);
      } catch (RuntimeException notOurs) {
        throw ErrorCode.INVALID.failure("page is not the next of a page of this backend");
      }
    }

    String encode() {
      return new JsonArray().add(slot).add(cursor).add(new JsonArray(names)).encode();
    }
  }

  private final RedisConfig config;
  private final Function<Request, Future<Response>> send;
  private final Function<LeaseKey, Future<Optional<Lease>>> find;

  /**
   * @param send sends a command
   * @param find looks up one lease
   */
  RedisListing(
      RedisConfig config,
      Function<Request, Future<Response>> send,
      Function<LeaseKey, Future<Optional<Lease>>> find) {
    this.config = config;
    this.send = send;
    this.find = find;
  }

  Future<LeasePage> page(LeaseKey.Kind kind, String prefix, String page, int limit) {
    Position position = Position.parse(page);
    Future<Position> found =
        position.names.isEmpty() && !position.cursor.equals(Position.DONE)
            ? scan(kind, prefix, position, limit)
            : Future.succeededFuture(position);
    return found.compose(at -> show(kind, at, limit));
  }

  private Future<LeasePage> show(LeaseKey.Kind kind, Position at, int limit) {
    int shown = Math.min(limit, at.names.size());
    List<Future<Optional<Lease>>> leases = new ArrayList<>(shown);
    for (String name : at.names.subList(0, shown)) {
      leases.add(find.apply(new LeaseKey(kind, name)));
    }
    List<String> rest = at.names.subList(shown, at.names.size());
    boolean last = rest.isEmpty() && at.cursor.equals(Position.DONE);
    String next = last ? null : new Position(at.slot, at.cursor, rest).encode();
    return Future.all(leases)
        .map(
            all ->
                new LeasePage(
                    leases.stream()
                        .map(f -> f.result().orElse(null))
                        .filter(Objects::nonNull)
                        .toList(),
                    next));
  }

  private Future<Position> scan(LeaseKey.Kind kind, String prefix, Position at, int limit) {
    String head = config.prefix() + ":{" + kind.id() + ":";
    Request request =
        Request.cmd(Command.EVAL)
            .arg(SCAN)
            .arg(1)
            .arg(config.prefix() + ":{" + ClusterSlot.tagOf(at.slot) + "}")
            .arg(at.cursor)
            .arg(glob(head + prefix) + "*")
            .arg(Math.max(limit, LEAST_COUNT));
    return send.apply(request)
        .compose(
            answer -> {
              if (!RedisRequest.isList(answer, 2)
                  || answer.get(0) == null
                  || answer.get(1) == null) {
                throw LeaseAnswers.notUnderstood();
              }
              Set<String> names = new LinkedHashSet<>();
              for (Response key : answer.get(1)) {
                String record = key.toString();
                if (record.startsWith(head) && record.endsWith("}")) {
                  names.add(record.substring(head.length(), record.length() - 1));
                }
              }
              String cursor = answer.get(0).toString();
              if (!cursor.equals("0")) {
                return Future.succeededFuture(
                    new Position(at.slot, cursor, new ArrayList<>(names)));
              }
              return nextServer(at.slot)
                  .map(
                      slot ->
                          slot < 0
                              ? new Position(0, Position.DONE, new ArrayList<>(names))
                              : new Position(slot, "0", new ArrayList<>(names)));
            });
  }

  /** The first slot of the next master that was not walked yet, or -1. */
  private Future<Integer> nextServer(int slot) {
    if (!config.isCluster()) {
      return Future.succeededFuture(-1);
    }
    return send.apply(Request.cmd(Command.CLUSTER).arg("SLOTS"))
        .map(ranges -> ClusterSlot.nextMaster(ranges, slot));
  }

  /** The text as a pattern that matches only itself. */
  private static String glob(String text) {
    return text.replaceAll("[\\\\*?\\[\\]^-]", "\\\\$0");
  }
}
