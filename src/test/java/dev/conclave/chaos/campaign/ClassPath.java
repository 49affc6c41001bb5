package dev.conclave.chaos.campaign;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What workers run: the shipped jar in the place of the classes that it was made of, what it
 * depends on, and the tests. The build says where the jar is; where no build does, as in an IDE,
 * they run the classes.
 */
final class ClassPath {
  private static final Path CLASSES = Path.of("target", "classes").toAbsolutePath();

  private ClassPath() {}

  static String ofWorkers() {
    String tests = System.getProperty("java.class.path");
    String jar = System.getProperty("conclave.jar");
    return jar == null ? tests : with(Path.of(jar), tests);
  }

  private static String with(Path jar, String tests) {
    if (jar.toFile().lastModified() < compiled()) {
      throw new IllegalStateException(
          jar + " is older than the classes, or missing: it is made in Maven's process-classes");
    }
    Stream<String> others =
        Arrays.stream(tests.split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).toAbsolutePath().equals(CLASSES));
    return Stream.concat(Stream.of(jar.toString()), others)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** When a class was compiled last; a jar that was made before is of another state. */
  private static long compiled() {
    try (Stream<Path> classes = Files.walk(CLASSES)) {
      return classes
          .filter(Files::isRegularFile)
          .mapToLong(path -> path.toFile().lastModified())
          .max()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
