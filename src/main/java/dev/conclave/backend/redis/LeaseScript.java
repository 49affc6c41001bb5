package dev.conclave.backend.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.conclave.backend.SyncBackend;
import dev.conclave.backend.support.Resources;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The script {@code lease.lua}, in which every lease changes, and how a batch of operations becomes
 * one call of it. The resource describes record, arguments and results.
 */
final class LeaseScript {
  private static final Pattern CONSTANT = Pattern.compile("\\$[A-Z_]+");
  private static final String LUA = load();

  private static final byte[] FULL = LUA.getBytes(UTF_8);
  private static final byte[] DIGEST = sha1(FULL).getBytes(UTF_8);

  /** The same for a server without free memory, which refuses the writes of all other scripts. */
  private static final byte[] FULL_WITHOUT_MEMORY =
      ("#!lua flags=allow-oom\n" + LUA).getBytes(UTF_8);

  private final byte[] retention;
  private final byte[] client;

  /**
   * The script as one client calls it.
   *
   * @param retention how long a record outlives its lease
   * @param channel the channel on which this client receives its waiters' notifications
   * @param counted whether the result of PUBLISH includes every subscriber
   */
  LeaseScript(Duration retention, String channel, boolean counted) {
    this.retention = Long.toString(retention.toMillis() * 1000).getBytes(UTF_8);
    this.client = ((counted ? "1" : "0") + channel).getBytes(UTF_8);
  }

  /** The call by the script's digest; fails with NOSCRIPT on a server that does not have it. */
  Request byDigest(List<RedisRequest> operations, long deadline) {
    return call(Command.EVALSHA, DIGEST, operations, deadline);
  }

  /** The call that contains the whole script. */
  Request inFull(List<RedisRequest> operations, long deadline) {
    return call(Command.EVAL, FULL, operations, deadline);
  }

  /** As {@link #inFull}, for operations that need no more memory than they free. */
  Request withoutMemory(List<RedisRequest> operations, long deadline) {
    return call(Command.EVAL, FULL_WITHOUT_MEMORY, operations, deadline);
  }

  private Request call(
      Command command, byte[] script, List<RedisRequest> operations, long deadline) {
    int count = operations.size();
    Request request = Request.cmd(command).arg(script).arg(count);
    for (RedisRequest operation : operations) {
      request.arg(operation.record());
    }
    // As text: the client puts a space before a number of sixteen nines.
    request.arg(retention).arg(client).arg(Long.toString(deadline));
    for (int from = 0; from < count; ) {
      RedisRequest first = operations.get(from);
      int to = from + 1;
      while (to < count && operations.get(to).follows(first, to - from)) {
        to++;
      }
      first.appendTerms(request, to - from);
      for (RedisRequest operation : operations.subList(from, to)) {
        request.arg(operation.own());
      }
      from = to;
    }
    return request;
  }

  /** The script without full-line comments, its constants replaced by their values. */
  private static String load() {
    Map<String, String> constants = new HashMap<>();
    constants.put("$OFFER", Long.toString(SyncBackend.OFFER.toNanos() / 1000));
    constants.put("$LATE", RedisErrors.LATE);
    StringBuilder code = new StringBuilder();
    for (String line :
        (Iterable<String>) Resources.text(LeaseScript.class, "lease.lua").lines()::iterator) {
      if (line.startsWith("--$")) {
        String[] definition = line.substring(2).split(" ", 2);
        constants.put(definition[0], definition[1]);
      } else if (!line.strip().startsWith("--")) {
        code.append(line).append('\n');
      }
    }
    return CONSTANT.matcher(code).replaceAll(name -> constants.get(name.group()));
  }

  private static String sha1(byte[] script) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      return HexFormat.of().formatHex(digest.digest(script));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The order of the operations of one call: those with the same terms together, where the order
   * makes no difference.
   *
   * <ol>
   *   <li>An operation joins a run that it {@linkplain RedisRequest#follows follows}, of the few
   *       latest; else it begins a new one.
   *   <li>Operations on one record keep their order: none joins a run before that of an earlier
   *       one.
   * </ol>
   */
  static final class Runs {
    /** Where all terms differ, a longer search would cost more than it saves. */
    private static final int LATEST = 8;

    private record Run(RedisRequest first, List<Integer> places) {}

    private final List<Run> runs = new ArrayList<>(2);

    /** The latest run of each record whose latest run is not the first one. */
    private final Map<String, Integer> runOf = new HashMap<>();

    private int size;

    /**
     * Adds the next operation.
     *
     * @param place its index in the batch
     */
    void add(RedisRequest operation, int place) {
      int earliest =
          Math.max(runOf.getOrDefault(operation.record(), 0), Math.max(0, runs.size() - LATEST));
      int index = runs.size() - 1;
      while (index >= earliest
          && !operation.follows(runs.get(index).first, runs.get(index).places.size())) {
        index--;
      }
      if (index < earliest) {
        index = runs.size();
        runs.add(new Run(operation, new ArrayList<>()));
      }
      runs.get(index).places.add(place);
      if (index > 0) {
        runOf.put(operation.record(), index);
      }
      size++;
    }

    /** The indexes of all operations, in the order in which they are sent. */
    List<Integer> places() {
      if (runs.size() == 1) {
        return runs.get(0).places;
      }
      List<Integer> all = new ArrayList<>(size);
      runs.forEach(run -> all.addAll(run.places));
      return all;
    }
  }
}
