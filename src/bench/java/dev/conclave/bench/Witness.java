package dev.conclave.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Checks exclusion between processes of one machine: a word of a shared file that only the holder
 * of the lock may own. Entering while another is inside is an overlap.
 */
final class Witness {
  private static final VarHandle WORD =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private static final long STAY_NANOS = 5_000;

  private final ByteBuffer shared;
  private long overlaps;

  Witness(Path file) {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      shared = channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** To be called by who has just been granted the lock. */
  void enter(long who) {
    if (!WORD.compareAndSet(shared, 0, 0L, who)) {
      overlapped();
    }
  }

  /** To be called before the lock is given back. */
  void leave(long who) {
    if (!WORD.compareAndSet(shared, 0, who, 0L)) {
      overlapped();
    }
  }

  /** {@link #enter} and {@link #leave}, and between them long enough to be caught. */
  void visit(long who) {
    enter(who);
    long until = System.nanoTime() + STAY_NANOS;
    while (System.nanoTime() - until < 0) {
      Thread.onSpinWait();
    }
    leave(who);
  }

  private synchronized void overlapped() {
    overlaps++;
  }

  synchronized long overlaps() {
    return overlaps;
  }
}
