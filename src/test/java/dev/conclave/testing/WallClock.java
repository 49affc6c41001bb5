package dev.conclave.testing;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The wall clock of one process, wrong from the start and moved while it runs, by a library that
 * the dynamic linker puts before the system's: it is compiled when there is a C compiler. Where
 * there is none the clocks stay as they are; that locks and elections read none is shown by {@code
 * ArchitectureTest} then.
 */
public final class WallClock {
  private static final Path LIBRARY = compile();

  private final Path file;

  /** Wrong by so many seconds; the file is what the process looks at. */
  public WallClock(Path file, long seconds) {
    this.file = file;
    shift(seconds);
  }

  /** Wrong by so many seconds from now on, at once. */
  public void shift(long seconds) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    // Never truncated: the process has it mapped.
    try (FileChannel channel = FileChannel.open(file, CREATE, WRITE)) {
      channel.write(bytes.putLong(seconds).flip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The environment of the process whose clock it is. */
  public Map<String, String> environment() {
    return LIBRARY == null
        ? Map.of()
        : Map.of("LD_PRELOAD", LIBRARY.toString(), "WALL_CLOCK_FILE", file.toString());
  }

  /** Whether there is a C compiler. */
  public static boolean canShift() {
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
