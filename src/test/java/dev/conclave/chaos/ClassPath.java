package dev.conclave.chaos;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What workers run: the shipped jar when there is one of what is tested, and the tests behind it.
 */
final class ClassPath {
  private ClassPath() {}

  static String ofWorkers() {
    String tests = System.getProperty("java.class.path");
    return shipped().map(jar -> jar + File.pathSeparator + tests).orElse(tests);
  }

  private static Optional<Path> shipped() {
    try (Stream<Path> jars = Files.list(Path.of("target"));
        Stream<Path> classes = Files.walk(Path.of("target/classes"))) {
      long compiled = classes.mapToLong(path -> path.toFile().lastModified()).max().orElse(0);
      return jars.filter(jar -> jar.toString().endsWith("-all.jar"))
          .filter(jar -> jar.toFile().lastModified() >= compiled)
          .max(Comparator.comparingLong(jar -> jar.toFile().lastModified()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
