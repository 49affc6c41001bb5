package dev.conclave.backend.redis;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The errors of Redis that this backend acts on.
 *
 * <p>Of the others, {@code MISCONF} (the server cannot write to its disk), {@code CLUSTERDOWN},
 * {@code NOPERM} and {@code BUSY} come from the right server: another connection would get the
 * same. The cluster client handles {@code MOVED}, {@code ASK} and {@code TRYAGAIN}.
 */
final class RedisErrors {
  /**
   * A replica; one without its master; one that still loads; a master that was cut off from its
   * replicas, which may have another by now; a user that was deleted or has a new password.
   */
  private static final List<String> NOT_HERE =
      List.of("READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS", "NOAUTH", "WRONGPASS");

  /** The script's result for a request that its client no longer waits for; without effect. */
  static final String LATE = "TOOLATE the client no longer waits for the answer";

  /** Up to Redis 6 the error of a command in a script follows the script's name and line. */
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

  /** Whether the connection has ended, so that nothing is known of the request. */
  static boolean isOfTheConnection(Throwable failure) {
    String message = failure.getMessage();
    return message != null
        && (message.startsWith("CONNECTION_CLOSED") || message.startsWith("Connection is closed"));
  }

  private static String bare(String error) {
    return OF_A_SCRIPT.matcher(error).replaceFirst("");
  }
}
