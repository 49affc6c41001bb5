package dev.conclave.backend.redis;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What Redis says when it refuses a command, as far as it tells more than that.
 *
 * <p>Of the other refusals, {@code MISCONF} (it can't write to its disk), {@code CLUSTERDOWN},
 * {@code NOPERM} and {@code BUSY} are of the server that was meant: another connection would be
 * told the same. {@code MOVED}, {@code ASK} and {@code TRYAGAIN} are the cluster client's business.
 */
final class RedisErrors {
  /**
   * A replica; one without its master; one that still loads; a master that was cut off from its
   * replicas, which may have another by now; a user that was taken away or has a new password.
   */
  private static final List<String> NOT_HERE =
      List.of("READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS", "NOAUTH", "WRONGPASS");

  /** What the script answers to a request that its client no longer waits for; no effect. */
  static final String LATE = "TOOLATE the client no longer waits for the answer";

  /** Up to Redis 6 the error of a command in a script stands behind the script's name and line. */
  private static final Pattern OF_A_SCRIPT = Pattern.compile("^@?user_script: ?\\d+: -?");

  private RedisErrors() {}

  /** Whether a new connection may find a server that takes the command. */
  static boolean isNotHere(String error) {
    return error != null && NOT_HERE.stream().anyMatch(bare(error)::startsWith);
  }

  /** Whether {@code maxmemory} is reached and nothing can be evicted. */
  static boolean isOutOfMemory(String error) {
    return bare(error).startsWith("OOM");
  }

  /** Whether it arrived after its deadline. */
  static boolean isLate(String error) {
    return error.startsWith("TOOLATE");
  }

  private static String bare(String error) {
    return OF_A_SCRIPT.matcher(error).replaceFirst("");
  }
}
