package dev.conclave.lock;

import dev.conclave.bus.Shown;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;

/** A held lock, without its token. All durations are milliseconds. */
@DataObject
@JsonGen(publicConverter = false)
public class LockInfo {
  private String name;
  private String owner;
  private long fencingToken;
  private long age;
  private long remaining;
  private JsonObject metadata;

  /** All defaults. */
  public LockInfo() {}

  /** A copy. */
  public LockInfo(LockInfo other) {
    this.name = other.name;
    this.owner = other.owner;
    this.fencingToken = other.fencingToken;
    this.age = other.age;
    this.remaining = other.remaining;
    this.metadata = other.metadata == null ? null : other.metadata.copy();
  }

  /** From JSON with the same keys. */
  public LockInfo(JsonObject json) {
    LockInfoConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LockInfoConverter.toJson(this, json);
    return json;
  }

  /** The name of the lock. */
  public String getName() {
    return name;
  }

  /** Sets the name of the lock. */
  public LockInfo setName(String name) {
    this.name = name;
    return this;
  }

  /** The public label of the holder. */
  public String getOwner() {
    return owner;
  }

  /** Sets the public label of the holder. */
  public LockInfo setOwner(String owner) {
    this.owner = owner;
    return this;
  }

  /** The number of this holding. */
  public long getFencingToken() {
    return fencingToken;
  }

  /** Sets the number of this holding. */
  public LockInfo setFencingToken(long fencingToken) {
    this.fencingToken = fencingToken;
    return this;
  }

  /** How long ago this holding began, by the clock of the store, in milliseconds. */
  public long getAge() {
    return age;
  }

  /** Sets how long ago this holding began, by the clock of the store, in milliseconds. */
  public LockInfo setAge(long age) {
    this.age = age;
    return this;
  }

  /** How long it lives unless extended, by the clock of the store, in milliseconds. */
  public long getRemaining() {
    return remaining;
  }

  /** Sets how long it lives unless extended, by the clock of the store, in milliseconds. */
  public LockInfo setRemaining(long remaining) {
    this.remaining = remaining;
    return this;
  }

  /** What the holder attached, or null. */
  public JsonObject getMetadata() {
    return metadata;
  }

  /** Sets what the holder attached, or null. */
  public LockInfo setMetadata(JsonObject metadata) {
    this.metadata = metadata;
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
