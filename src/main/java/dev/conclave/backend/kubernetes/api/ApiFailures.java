package dev.conclave.backend.kubernetes.api;

import dev.conclave.error.ErrorCode;
import io.vertx.serviceproxy.ServiceException;

/** The failures of requests, each in a sentence. The token appears in none of them. */
public final class ApiFailures {
  private final Endpoint endpoint;
  private final String resource;

  public ApiFailures(Endpoint endpoint, String resource) {
    this.endpoint = endpoint;
    this.resource = resource;
  }

  /** The failure of a request that got no response. */
  public ServiceException unreachable(Throwable cause) {
    if (cause instanceof ServiceException known) {
      return known;
    }
    String reason = cause.getMessage() == null ? cause.getClass().getName() : cause.getMessage();
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "the API server "
            + endpoint.url()
            + " cannot be reached: "
            + endpoint.credentials().redact(reason));
  }

  /** The failure that a status stands for. */
  public ServiceException of(KubernetesRequest call, int status, String message) {
    String what = call.verb() + " " + resource + " in namespace '" + endpoint.namespace() + "'";
    String said = message.isEmpty() ? "" : " (" + endpoint.credentials().redact(message) + ")";
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        switch (status) {
          case KubernetesResponse.UNAUTHORIZED ->
              "the API server " + endpoint.url() + " refuses the credentials (401) to " + what;
          case KubernetesResponse.FORBIDDEN ->
              endpoint
                  .credentials()
                  .redact(forbidden(message, call.verb(), resource, endpoint.namespace()));
          case KubernetesResponse.NOT_FOUND ->
              "the API server "
                  + endpoint.url()
                  + " has no such namespace or resource (404): "
                  + what
                  + said;
          default ->
              "the API server " + endpoint.url() + " answered " + status + " to " + what + said;
        });
  }

  /** A server that returns another object than requested is not an API server. */
  public ServiceException anotherObject(KubernetesRequest call) {
    return of(call, KubernetesResponse.OK, "with another object than was asked for");
  }

  /** A write that was sent again and whose outcome is unknown. */
  public ServiceException answerLost(String name) {
    return ErrorCode.BACKEND_UNAVAILABLE.failure(
        "the API server's answer to a write of "
            + resource
            + " '"
            + name
            + "' was lost, and others have written since");
  }

  /** Whether the namespace is the reason, not the account: it is full, or is being deleted. */
  public static boolean isAboutTheNamespace(String message) {
    return isQuota(message) || isTerminating(message);
  }

  /** The sentence for a 403. The server's message comes first: a 403 has many reasons. */
  private static String forbidden(String message, String verb, String resource, String namespace) {
    String words = message.isEmpty() ? "" : message + ": ";
    return words + "forbidden (403), " + reason(message, verb, resource, namespace);
  }

  private static String reason(String message, String verb, String resource, String namespace) {
    String what = "the verb '" + verb + "' on the resource '" + resource + "' in namespace '";
    if (isQuota(message)) {
      return "a quota of namespace '" + namespace + "' is used up";
    }
    if (isTerminating(message)) {
      return "the namespace '" + namespace + "' is being deleted";
    }
    // An authorizer's own words are: User "…" cannot update resource "leases" …
    return message.isEmpty() || message.contains("cannot " + verb)
        ? what + namespace + "' is missing in the role; see conf/kubernetes-rbac.yaml"
        : what + namespace + "' was refused";
  }

  private static boolean isQuota(String message) {
    return message.contains("exceeded quota");
  }

  private static boolean isTerminating(String message) {
    return message.contains("is being terminated");
  }
}
