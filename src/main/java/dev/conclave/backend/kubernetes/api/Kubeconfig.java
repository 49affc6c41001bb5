package dev.conclave.backend.kubernetes.api;

import dev.conclave.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The file in which {@code kubectl} finds clusters and users: of a context, the address, the
 * certificates, embedded or in files, and the token. A setting that needs another program, or would
 * have no effect, is refused by name.
 */
public final class Kubeconfig {
  private static final List<String> NOT_FOR_USERS =
      List.of("exec", "auth-provider", "username", "password", "as", "as-groups", "as-uid");
  private static final List<String> NOT_FOR_CLUSTERS = List.of("tls-server-name", "proxy-url");

  private final String file;
  private final Map<?, ?> root;

  private Kubeconfig(String file, Map<?, ?> root) {
    this.file = file;
    this.root = root;
  }

  /**
   * Reads the file.
   *
   * @param context null for its current context
   */
  public static Future<Access> read(Vertx vertx, String file, String context) {
    return Access.text(vertx, file).map(text -> parse(file, text).access(context));
  }

  public static Kubeconfig parse(String file, String text) {
    try {
      Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
      if (root instanceof Map<?, ?> map) {
        return new Kubeconfig(file, map);
      }
    } catch (RuntimeException notYaml) {
      // The parser's message repeats the text around the error, which may contain private keys.
    }
    throw ErrorCode.INVALID.failure("the kubeconfig " + file + " is not a YAML object");
  }

  public Access access(String wanted) {
    String name = wanted != null ? wanted : text(root, "current-context");
    if (name == null || name.isEmpty()) {
      throw refused("names no current-context; set backend.context");
    }
    Map<?, ?> context = entry("contexts", "context", name);
    Map<?, ?> cluster = entry("clusters", "cluster", text(context, "cluster"));
    String userName = text(context, "user");
    Map<?, ?> user =
        userName == null || userName.isEmpty() ? Map.of() : entry("users", "user", userName);
    for (String key : NOT_FOR_USERS) {
      if (user.containsKey(key)) {
        throw refused(
            "has '"
                + key
                + "' for the user '"
                + userName
                + "', which is not supported (no other program is run): use a token, a token file"
                + " or a client certificate");
      }
    }
    for (String key : NOT_FOR_CLUSTERS) {
      if (cluster.containsKey(key)) {
        throw refused("has '" + key + "' for its cluster, which is not supported");
      }
    }
    String namespace = text(context, "namespace");
    return new Access(
        text(cluster, "server"),
        namespace == null || namespace.isEmpty() ? "default" : namespace,
        pem(cluster, "certificate-authority"),
        pem(user, "client-certificate"),
        pem(user, "client-key"),
        text(user, "token"),
        path(text(user, "tokenFile")),
        Boolean.TRUE.equals(cluster.get("insecure-skip-tls-verify")));
  }

  private Map<?, ?> entry(String list, String what, String name) {
    if (root.get(list) instanceof List<?> entries) {
      for (Object entry : entries) {
        if (entry instanceof Map<?, ?> map
            && String.valueOf(map.get("name")).equals(name)
            && map.get(what) instanceof Map<?, ?> found) {
          return found;
        }
      }
    }
    throw refused("has no " + what + " '" + name + "'");
  }

  private Access.Pem pem(Map<?, ?> entry, String key) {
    String data = text(entry, key + "-data");
    if (data == null || data.isEmpty()) {
      return Access.Pem.file(path(text(entry, key)));
    }
    try {
      return new Access.Pem(
          null, Buffer.buffer(Base64.getDecoder().decode(data.replaceAll("\\s", ""))));
    } catch (IllegalArgumentException notBase64) {
      throw refused("has a '" + key + "-data' that is not base64");
    }
  }

  /** Paths in the file are relative to it. */
  private String path(String path) {
    if (path == null || path.isEmpty()) {
      return null;
    }
    Path directory = Path.of(file).toAbsolutePath().getParent();
    return directory == null ? path : directory.resolve(path).toString();
  }

  private static String text(Map<?, ?> entry, String key) {
    Object value = entry.get(key);
    return value == null ? null : String.valueOf(value);
  }

  private RuntimeException refused(String sentence) {
    return ErrorCode.INVALID.failure("the kubeconfig " + file + " " + sentence);
  }
}
