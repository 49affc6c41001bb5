package dev.conclave.backend.kubernetes.object;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.time.Scheduler;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes the next version of an object. Unknown fields stay as they were. */
public final class Writer {
  /**
   * A version to be written, and how the writer recognizes it later.
   *
   * @param writeId different for every write
   * @param base the id of the write it is based on; empty when there is none
   * @param holder the holder that it names; null in a register
   */
  public record Draft(JsonObject json, String writeId, String base, String holder) {}

  /**
   * How many ids of writes are kept: one more than the writes of others after which an outcome is
   * unknown.
   */
  public static final int WRITES_KEPT = 8;

  private static final List<String> ABOUT_A_HOLDER =
      List.of(
          Annotations.HOLDER,
          Annotations.OWNER,
          Annotations.TOKEN_HASH,
          Annotations.DURATION_MS,
          Annotations.METADATA);

  private final Resource resource;
  private final String namespace;
  private final Scheduler scheduler;

  public Writer(Resource resource, String namespace, Scheduler scheduler) {
    this.resource = resource;
    this.namespace = namespace;
    this.scheduler = scheduler;
  }

  /** The first version. Its fencing token follows from the creation time the server sets. */
  public Draft create(LeaseRequest request) {
    JsonObject json = blank(Names.of(request.key()));
    return hold(json, request, now(), 0, 0);
  }

  /** A new holding on top of an object that is free, or whose holder is dead. */
  public Draft takeOver(StoredObject object, LeaseRequest request, long fencingToken) {
    int before = object.record().transitions();
    int transitions = before == Integer.MAX_VALUE ? before : before + 1;
    return hold(object.copy(), request, now(), transitions, fencingToken);
  }

  /** The same holding again, with the terms of the request. */
  public Draft renew(StoredObject object, LeaseRequest request, long fencingToken) {
    LeaderRecord record = object.record();
    return hold(object.copy(), request, record.acquireTime(), record.transitions(), fencingToken);
  }

  /** The same holding with its time set anew. */
  public Draft extend(StoredObject object, Duration duration) {
    LeaderRecord record = object.record();
    JsonObject json = object.copy();
    annotate(json, Annotations.DURATION_MS, String.valueOf(duration.toMillis()));
    return draft(
        json,
        new LeaderRecord(
            record.holder(),
            LeaderRecord.seconds(duration),
            record.acquireTime(),
            now(),
            record.transitions()));
  }

  /** Without a holder, as client-go leaves it when it steps down. */
  public Draft vacate(StoredObject object, long fencingToken) {
    JsonObject json = object.copy();
    annotate(json, Annotations.FENCING_TOKEN, String.valueOf(fencingToken));
    ABOUT_A_HOLDER.forEach(Resource.annotations(json)::remove);
    String now = now();
    return draft(json, new LeaderRecord("", 1, now, now, object.record().transitions()));
  }

  /** A register's first version, or its next. */
  public Draft register(StoredObject object, String name, long mark) {
    JsonObject json = object == null ? blank(Names.ofRegister(name)) : object.copy();
    label(json, "register", name);
    annotate(json, Annotations.MARK, String.valueOf(mark));
    return stamped(json, null);
  }

  private JsonObject blank(String name) {
    return new JsonObject()
        .put("metadata", new JsonObject().put("name", name).put("namespace", namespace));
  }

  private Draft hold(
      JsonObject json, LeaseRequest request, String acquireTime, int transitions, long fence) {
    LeaseKey key = request.key();
    String holder = Names.holderIdentity(key, request.token(), request.owner());
    label(json, key.kind().id(), key.name());
    ABOUT_A_HOLDER.forEach(Resource.annotations(json)::remove);
    annotate(json, Annotations.HOLDER, holder);
    annotate(json, Annotations.OWNER, request.owner());
    annotate(json, Annotations.TOKEN_HASH, Names.tokenHash(key, request.token()));
    annotate(json, Annotations.DURATION_MS, String.valueOf(request.duration().toMillis()));
    if (fence > 0) {
      annotate(json, Annotations.FENCING_TOKEN, String.valueOf(fence));
    }
    if (request.metadata() != null) {
      annotate(json, Annotations.METADATA, request.metadata().encode());
    }
    int seconds = LeaderRecord.seconds(request.duration());
    return draft(json, new LeaderRecord(holder, seconds, acquireTime, now(), transitions));
  }

  private Draft draft(JsonObject json, LeaderRecord record) {
    resource.write(json, record);
    return stamped(json, record.holder());
  }

  private Draft stamped(JsonObject json, String holder) {
    String writeId = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    String[] before = Resource.annotations(json).getString(Annotations.WRITE, "").split(" ");
    String writes =
        Stream.concat(Stream.of(writeId), Stream.of(before))
            .limit(WRITES_KEPT)
            .collect(Collectors.joining(" "))
            .trim();
    annotate(json, Annotations.WRITE, writes);
    return new Draft(resource.mark(json), writeId, before[0], holder);
  }

  private String now() {
    return LeaderRecord.time(scheduler.now());
  }

  private static void label(JsonObject json, String kind, String name) {
    JsonObject metadata = json.getJsonObject("metadata");
    JsonObject labels = metadata.getJsonObject("labels", new JsonObject());
    metadata.put(
        "labels",
        labels.put(Annotations.MANAGED_BY, Annotations.CONCLAVE).put(Annotations.KIND, kind));
    annotate(json, Annotations.NAME, name);
  }

  private static void annotate(JsonObject json, String key, String value) {
    JsonObject annotations = Resource.annotations(json);
    json.getJsonObject("metadata").put("annotations", annotations.put(key, value));
  }
}
