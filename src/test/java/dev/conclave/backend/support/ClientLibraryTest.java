package dev.conclave.backend.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.conclave.backend.Backends;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An application without its backend's client library gets an error that names it. */
class ClientLibraryTest {

  @ParameterizedTest
  @CsvSource({
    "redis, vertx-redis-client, io.vertx:vertx-redis-client",
    "postgres, vertx-pg-client, io.vertx:vertx-pg-client"
  })
  void aMissingClientIsNamedByItsArtifact(String type, String jar, String artifact)
      throws Exception {
    try (URLClassLoader without = classPathWithout(jar)) {
      Throwable refused = catchThrowable(() -> create(without, type));

      assertThat(refused)
          .hasMessageContainingAll("'" + type + "'", "class path", artifact)
          .extracting(failure -> failure.getClass().getSimpleName())
          .isEqualTo("ServiceException");
    }
  }

  /** {@code Backends.create} as an application sees it that is loaded by this loader. */
  private static void create(ClassLoader loader, String type) throws Throwable {
    Class<?> vertx = loader.loadClass("io.vertx.core.Vertx");
    Class<?> json = loader.loadClass("io.vertx.core.json.JsonObject");
    Object config = json.getConstructor(Map.class).newInstance(Map.of("type", type));
    Method create = loader.loadClass(Backends.class.getName()).getMethod("create", vertx, json);
    Thread current = Thread.currentThread();
    ClassLoader before = current.getContextClassLoader();
    current.setContextClassLoader(loader);
    try {
      create.invoke(null, null, config);
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    } finally {
      current.setContextClassLoader(before);
    }
  }

  private static URLClassLoader classPathWithout(String jar) {
    URL[] entries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(jar))
            .map(ClientLibraryTest::url)
            .toArray(URL[]::new);
    return new URLClassLoader(entries, ClassLoader.getPlatformClassLoader());
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new AssertionError(entry, e);
    }
  }
}
