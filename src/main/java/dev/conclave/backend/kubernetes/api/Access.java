package dev.conclave.backend.kubernetes.api;

import dev.conclave.error.ErrorCode;
import dev.conclave.time.Scheduler;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * How to reach the API server, from whichever configuration; files are not read yet.
 *
 * @param url of the API server
 * @param namespace where the objects are
 * @param ca the authority that signs the server's certificate, or null for the JVM's own
 *     authorities
 * @param clientCert the client's certificate, or null
 * @param clientKey its key, or null
 * @param token a bearer token, or null
 * @param tokenFile a file with a bearer token, or null
 * @param insecure whether the server's certificate is not checked
 */
public record Access(
    String url,
    String namespace,
    Pem ca,
    Pem clientCert,
    Pem clientKey,
    String token,
    String tokenFile,
    boolean insecure) {

  /** PEM text, given as such or as a file. */
  public record Pem(String file, Buffer text) {
    public static Pem file(String file) {
      return file == null ? null : new Pem(file, null);
    }

    private Future<Buffer> read(Vertx vertx) {
      return text != null ? Future.succeededFuture(text) : content(vertx, file);
    }
  }

  public Access inNamespace(String other) {
    return new Access(url, other, ca, clientCert, clientKey, token, tokenFile, insecure);
  }

  /** Reads the certificates and makes the client's options of it all. */
  public Future<Endpoint> endpoint(Vertx vertx, Scheduler scheduler, HttpClientOptions base) {
    URI uri = checkUrl("the API server's address", url);
    boolean tls = uri.getScheme().equals("https");
    String host = uri.getHost().replaceAll("^\\[|]$", "");
    int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
    String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    HttpClientOptions options =
        new HttpClientOptions(base).setDefaultHost(host).setDefaultPort(port).setSsl(tls);
    if (insecure) {
      options.setTrustAll(true).setVerifyHost(false);
    }
    return pem(vertx, ca)
        .compose(
            trusted -> {
              if (trusted != null && !insecure) {
                options.setTrustOptions(new PemTrustOptions().addCertValue(trusted));
              }
              return pem(vertx, clientCert);
            })
        .compose(
            certificate ->
                pem(vertx, clientKey)
                    .map(
                        key -> {
                          if (certificate != null && key != null) {
                            options.setKeyCertOptions(
                                new PemKeyCertOptions().addCertValue(certificate).addKeyValue(key));
                          }
                          return new Endpoint(
                              uri.getScheme() + "://" + uri.getHost() + ":" + port + path,
                              path,
                              namespace,
                              options,
                              credentials(vertx, scheduler));
                        }));
  }

  /** The text of a file, without space around it. */
  public static Future<String> text(Vertx vertx, String file) {
    return content(vertx, file)
        .map(content -> content.toString().strip())
        .compose(
            text ->
                text.isEmpty()
                    ? Future.failedFuture(
                        ErrorCode.BACKEND_UNAVAILABLE.failure("the file " + file + " is empty"))
                    : Future.succeededFuture(text));
  }

  /** The address, if it is one: http or https, a host, and no credentials in it. */
  public static URI checkUrl(String what, String url) {
    try {
      URI uri = new URI(url);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null) {
        return uri;
      }
    } catch (URISyntaxException wrong) {
      // Reported below, without repeating what may hold a password.
    }
    throw ErrorCode.INVALID.failure(
        what + " has a wrong value; expected http:// or https://, a host, and no credentials");
  }

  private Credentials credentials(Vertx vertx, Scheduler scheduler) {
    if (tokenFile != null) {
      return Credentials.file(vertx, scheduler, tokenFile);
    }
    return token != null ? Credentials.fixed(token) : Credentials.none();
  }

  private static Future<Buffer> pem(Vertx vertx, Pem pem) {
    return pem == null ? Future.succeededFuture() : pem.read(vertx);
  }

  private static Future<Buffer> content(Vertx vertx, String file) {
    return vertx
        .fileSystem()
        .readFile(file)
        .recover(
            unreadable ->
                Future.failedFuture(
                    ErrorCode.BACKEND_UNAVAILABLE.failure("cannot read the file " + file)));
  }

  /** Shows the address alone. */
  @Override
  public String toString() {
    return "Access[" + url + "]";
  }
}
