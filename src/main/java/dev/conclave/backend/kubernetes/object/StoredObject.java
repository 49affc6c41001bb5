package dev.conclave.backend.kubernetes.object;

import dev.conclave.backend.Register;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Objects;

/**
 * One version of an object, read once. The annotations about a holder count only while the record
 * names the holder they were written for.
 */
public final class StoredObject {
  /**
   * An annotation with a greater fencing token is ignored: there must be room for the tokens that
   * follow.
   */
  private static final long MAX_FENCE = Register.MAX_MARK - (1L << 32);

  private final JsonObject json;
  private final JsonObject annotations;
  private final LeaderRecord record;
  private final boolean ours;
  private final Duration duration;
  private final long fencingToken;

  /**
   * Reads an object as it came from the API server.
   *
   * @throws RuntimeException when its record cannot be read
   */
  public StoredObject(Resource resource, JsonObject json) {
    this.json = json;
    // These fields are not used here, and the server keeps them by itself.
    json.getJsonObject("metadata").remove("managedFields");
    this.annotations = Resource.annotations(json);
    this.record = resource.read(json);
    this.ours = isHeld() && record.holder().equals(annotations.getString(Annotations.HOLDER));
    this.duration = readDuration();
    this.fencingToken = readFencingToken();
  }

  /** A copy of the whole object, to be changed and written back. */
  public JsonObject copy() {
    return json.copy();
  }

  public String name() {
    return metadata().getString("name");
  }

  public String resourceVersion() {
    return metadata().getString("resourceVersion");
  }

  /** Whether it has the label by which watches select objects. */
  public boolean isLabelled() {
    JsonObject labels = metadata().getJsonObject("labels");
    return labels != null && Annotations.CONCLAVE.equals(labels.getString(Annotations.MANAGED_BY));
  }

  /** The kind in the label, or null. */
  public String kind() {
    JsonObject labels = metadata().getJsonObject("labels");
    return labels == null ? null : labels.getString(Annotations.KIND);
  }

  public LeaderRecord record() {
    return record;
  }

  public String annotation(String key) {
    return annotations.getString(key);
  }

  /** Whether it has a holder, live or expired. */
  public boolean isHeld() {
    return !record.holder().isEmpty();
  }

  /** The holder's label; the {@code holderIdentity} of a holder that is not one of ours. */
  public String owner() {
    String owner = ours ? annotations.getString(Annotations.OWNER) : null;
    return owner == null ? record.holder() : owner;
  }

  /** Proves the holder's token; null when it is not one of ours. */
  public String tokenHash() {
    return ours ? annotations.getString(Annotations.TOKEN_HASH) : null;
  }

  public Duration duration() {
    return duration;
  }

  /** The fencing token of this holding, or of the last one when it has no holder. */
  public long fencingToken() {
    return fencingToken;
  }

  /** What the holder attached, or null. */
  public JsonObject holderMetadata() {
    String text = ours ? annotations.getString(Annotations.METADATA) : null;
    try {
      return text == null ? null : new JsonObject(text);
    } catch (RuntimeException edited) {
      return null;
    }
  }

  /** How long the holding had lasted at its last renewal: both stamps are one writer's. */
  public Duration ageAtRenewal() {
    try {
      Duration age =
          Duration.between(Instant.parse(record.acquireTime()), Instant.parse(record.renewTime()));
      return age.isNegative() ? Duration.ZERO : age;
    } catch (DateTimeParseException | NullPointerException notSaid) {
      return Duration.ZERO;
    }
  }

  /** Whether this is the same object: not one that was created anew under the same name. */
  public boolean isSameObject(StoredObject other) {
    return Objects.equals(metadata().getString("uid"), other.metadata().getString("uid"));
  }

  /** Whether the holder has done nothing between these two versions. */
  public boolean isUnchanged(StoredObject other) {
    return isSameObject(other)
        && record.equals(other.record)
        && Objects.equals(annotation(Annotations.WRITE), other.annotation(Annotations.WRITE));
  }

  /** Whether both versions are of one holding: renewed perhaps, but neither vacated nor taken. */
  public boolean isSameHolding(StoredObject other) {
    return isSameObject(other)
        && record.transitions() == other.record.transitions()
        && isHeld() == other.isHeld()
        && Objects.equals(tokenHash(), other.tokenHash())
        && (ours || record.holder().equals(other.record.holder()));
  }

  /** Whether this version is what was written. */
  public boolean isWrittenBy(Writer.Draft draft) {
    // Other electors leave the ids of writes as they are, but not the holder.
    boolean sameHolder = draft.holder() == null || draft.holder().equals(record.holder());
    return writes().startsWith(draft.writeId()) && sameHolder;
  }

  /** Whether this version, or one of the latest before it, is what was written. */
  public boolean comesAfter(Writer.Draft draft) {
    return writes().contains(draft.writeId());
  }

  /**
   * Whether so much may have been written since that {@link #comesAfter} cannot find the draft any
   * more.
   */
  public boolean mayHide(Writer.Draft draft) {
    boolean baseIsSeen = !draft.base().isEmpty() && writes().contains(draft.base());
    return !baseIsSeen && writes().split(" ").length >= Writer.WRITES_KEPT;
  }

  /**
   * Whether the holder of another object of this name has written this one, or others have on top
   * of what it wrote.
   */
  public boolean continues(StoredObject other) {
    String latest = other.writes().split(" ")[0];
    return (isHeld() && record.holder().equals(other.record.holder()))
        || (!latest.isEmpty() && writes().contains(latest));
  }

  private String writes() {
    String writes = annotation(Annotations.WRITE);
    return writes == null ? "" : writes;
  }

  /** Whether this version is known to be older; false if a version is not a number. */
  public boolean isOlderThan(StoredObject other) {
    try {
      return Long.parseLong(resourceVersion()) < Long.parseLong(other.resourceVersion());
    } catch (NumberFormatException opaque) {
      return false;
    }
  }

  private JsonObject metadata() {
    return json.getJsonObject("metadata");
  }

  private Duration readDuration() {
    int seconds = record.durationSeconds();
    long millis = number(ours ? annotations.getString(Annotations.DURATION_MS) : null);
    // The common record may have been changed by hand: all electors see that value.
    boolean fits = millis > 0 && LeaderRecord.seconds(Duration.ofMillis(millis)) == seconds;
    return fits ? Duration.ofMillis(millis) : Duration.ofSeconds(seconds);
  }

  private long readFencingToken() {
    long counted = createdMicros() + record.transitions();
    long written = number(annotations.getString(Annotations.FENCING_TOKEN));
    long known = written > MAX_FENCE ? 0 : written;
    // Another elector's holding has a number too, though it does not write it down.
    return Math.max(counted, isHeld() && !ours && known > 0 ? known + 1 : known);
  }

  private long createdMicros() {
    try {
      return Instant.parse(metadata().getString("creationTimestamp")).getEpochSecond() * 1_000_000L;
    } catch (DateTimeParseException | NullPointerException notSaid) {
      return 0;
    }
  }

  private static long number(String text) {
    try {
      return text == null ? 0 : Math.max(0, Long.parseLong(text));
    } catch (NumberFormatException edited) {
      return 0;
    }
  }
}
