package dev.conclave.backend.redis;

import io.vertx.redis.client.Response;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Slots of a Redis cluster: CRC16 (XMODEM) of a key, modulo 16384. */
final class ClusterSlot {
  private static final int SLOTS = 16384;

  private ClusterSlot() {}

  static boolean exists(int slot) {
    return slot >= 0 && slot < SLOTS;
  }

  static int of(String key) {
    int crc = 0;
    for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
      crc ^= (b & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
      }
      crc &= 0xffff;
    }
    return crc % SLOTS;
  }

  /** A hash tag with which a key lies in the slot. */
  static String tagOf(int slot) {
    for (int i = 0; ; i++) {
      String tag = Integer.toString(i, Character.MAX_RADIX);
      if (of(tag) == slot) {
        return tag;
      }
    }
  }

  /**
   * Walks the masters in the order of their first slots: returns the first slot of the master after
   * the owner of {@code slot}, or -1 when that was the last.
   *
   * @param ranges the answer to CLUSTER SLOTS
   */
  static int nextMaster(Response ranges, int slot) {
    TreeMap<Integer, String> owners = new TreeMap<>();
    for (Response range : ranges) {
      Response master = range.get(2);
      owners.put(range.get(0).toInteger(), master.get(0) + ":" + master.get(1));
    }
    Set<String> walked = new HashSet<>(owners.headMap(slot, true).values());
    return owners.tailMap(slot, false).entrySet().stream()
        .filter(owner -> !walked.contains(owner.getValue()))
        .mapToInt(Map.Entry::getKey)
        .findFirst()
        .orElse(-1);
  }
}
