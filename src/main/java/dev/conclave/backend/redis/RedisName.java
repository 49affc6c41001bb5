package dev.conclave.backend.redis;

import dev.conclave.error.ErrorCode;
import io.vertx.serviceproxy.ServiceException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The name of a Redis in messages: host and port as parsed, never the connection string, which
 * contains the password. Messages of the client are shown without the secrets that they may repeat.
 */
final class RedisName {
  private static final Pattern USER_INFO = Pattern.compile("//[^/@\\s]*@");

  private final String shown;
  private final List<String> secrets;

  private RedisName(String shown, List<String> secrets) {
    this.shown = shown;
    this.secrets = secrets;
  }

  /**
   * The name of the configured servers. Endpoints are parsed here first, because the client's own
   * failure would repeat the text that it cannot parse.
   */
  static RedisName of(List<String> endpoints, String password) {
    List<String> addresses = new ArrayList<>();
    List<String> secrets = new ArrayList<>();
    addSecret(secrets, password);
    for (String endpoint : endpoints) {
      URI uri = parse(endpoint);
      String userInfo = uri.getRawUserInfo();
      if (userInfo != null && userInfo.contains(":")) {
        addSecret(secrets, userInfo.substring(userInfo.indexOf(':') + 1));
      }
      if (uri.getRawQuery() != null) {
        for (String parameter : uri.getRawQuery().split("&")) {
          if (parameter.startsWith("password=")) {
            addSecret(secrets, parameter.substring("password=".length()));
          }
        }
      }
      addresses.add(
          uri.getScheme().equals("unix")
              ? uri.getPath()
              : uri.getHost() + ":" + (uri.getPort() < 0 ? 6379 : uri.getPort()));
    }
    return new RedisName("Redis at " + String.join(", ", addresses), secrets);
  }

  private static URI parse(String endpoint) {
    try {
      URI uri = new URI(endpoint);
      boolean named =
          "unix".equals(uri.getScheme())
              ? uri.getPath() != null && !uri.getPath().isEmpty()
              : ("redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme()))
                  && uri.getHost() != null;
      if (named) {
        return uri;
      }
    } catch (URISyntaxException wrong) {
      // The exception repeats the string: fail without it.
    }
    throw ErrorCode.INVALID.failure(
        "backend.options has an endpoint that is not a URI like redis://host:6379, rediss://host:6379"
            + " or unix:///path (it is not shown because it may hold a password; special"
            + " characters in a password must be percent-encoded)");
  }

  private static void addSecret(List<String> secrets, String secret) {
    if (secret != null && !secret.isEmpty()) {
      secrets.add(secret);
      try {
        secrets.add(URLDecoder.decode(secret, StandardCharsets.UTF_8));
      } catch (IllegalArgumentException plain) {
        // It was not percent-encoded: it is the secret as it is.
      }
    }
  }

  /** The failure of a request that Redis did not serve. */
  ServiceException unavailable(String what, Throwable cause) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(shown + " " + what + ": " + reason(cause));
  }

  /** The failure in words, without anything secret. */
  String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : safe(message);
  }

  /** The text without anything secret of this configuration. */
  String safe(String text) {
    String safe = USER_INFO.matcher(text).replaceAll("//");
    for (String secret : secrets) {
      safe = safe.replace(secret, "***");
    }
    return safe;
  }

  /** For example {@code Redis at localhost:6379}. */
  @Override
  public String toString() {
    return shown;
  }
}
