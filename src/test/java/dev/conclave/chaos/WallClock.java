package dev.conclave.chaos;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Moves the wall clocks of workers, by a library that the dynamic linker puts before the system's:
 * it is compiled when there is a C compiler. Where there is none the clocks stay as they are, and
 * that nothing reads them is shown by {@code ArchitectureTest} alone.
 */
final class WallClock {
  private static final Path LIBRARY = compile();

  private WallClock() {}

  /** The environment of a process whose wall clock is wrong by so many seconds. */
  static Map<String, String> shifted(int seconds) {
    return LIBRARY == null || seconds == 0
        ? Map.of()
        : Map.of("LD_PRELOAD", LIBRARY.toString(), "WALL_CLOCK_SHIFT", Integer.toString(seconds));
  }

  static boolean canShift() {
    return LIBRARY != null;
  }

  private static Path compile() {
    try (InputStream source = WallClock.class.getResourceAsStream("/chaos/shifted-clock.c")) {
      Path folder = Files.createTempDirectory("conclave-clock");
      folder.toFile().deleteOnExit();
      File from = folder.resolve("shifted-clock.c").toFile();
      File to = folder.resolve("shifted-clock.so").toFile();
      from.deleteOnExit();
      to.deleteOnExit();
      Files.copy(source, from.toPath());
      Process compiler =
          new ProcessBuilder("cc", "-shared", "-fPIC", "-o", to.getPath(), from.getPath())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      boolean done = compiler.waitFor(30, TimeUnit.SECONDS) && compiler.exitValue() == 0;
      return done ? to.toPath() : null;
    } catch (IOException noCompiler) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
