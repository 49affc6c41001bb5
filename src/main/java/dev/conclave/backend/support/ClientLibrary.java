package dev.conclave.backend.support;

import dev.conclave.error.ErrorCode;

/** Client libraries are optional dependencies: names the one that a backend needs. */
public final class ClientLibrary {
  private ClientLibrary() {}

  /**
   * Fails with {@link ErrorCode#INVALID} naming the Maven artifact unless the class is there.
   *
   * @param type the backend's type
   * @param className a class of the client library
   * @param artifact {@code group:artifact} that brings it
   */
  public static void require(String type, String className, String artifact) {
    try {
      Class.forName(className, false, ClientLibrary.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError missing) {
      throw ErrorCode.INVALID.failure(
          "backend.type '"
              + type
              + "' needs a client library that is not on the class path: add the dependency "
              + artifact);
    }
  }
}
