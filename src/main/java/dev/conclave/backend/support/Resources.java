package dev.conclave.backend.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Texts in the jar, such as scripts and schemas. */
public final class Resources {
  private Resources() {}

  /**
   * The text of a resource, in UTF-8.
   *
   * @param owner a class of the resource's package: it finds the resource on the class path, in a
   *     module and in a class loader of its own
   */
  public static String text(Class<?> owner, String name) {
    try (InputStream in = owner.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + name + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
