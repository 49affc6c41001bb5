package dev.conclave.backend.kubernetes;

/** What a 403 means: the server's own words come first, since many things answer so. */
final class Forbidden {
  private Forbidden() {}

  /** Whether the namespace is the reason, not the account: it is full, or is being deleted. */
  static boolean isAboutTheNamespace(String message) {
    return isQuota(message) || isTerminating(message);
  }

  /** The sentence for a 403 with this message, which may be empty. */
  static String sentence(String message, String verb, String resource, String namespace) {
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
