package dev.conclave.lock;

import dev.conclave.bus.Shown;
import io.vertx.codegen.annotations.DataObject;
import io.vertx.codegen.json.annotations.JsonGen;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** One page of a listing. */
@DataObject
@JsonGen(publicConverter = false)
public class LockPage {
  private List<LockInfo> locks = List.of();
  private String next;

  /** All defaults. */
  public LockPage() {}

  /** A copy. */
  public LockPage(LockPage other) {
    this.locks = List.copyOf(other.locks);
    this.next = other.next;
  }

  /** From JSON with the same keys. */
  public LockPage(JsonObject json) {
    LockPageConverter.fromJson(json, this);
  }

  /** As JSON with the same keys. */
  public JsonObject toJson() {
    JsonObject json = new JsonObject();
    LockPageConverter.toJson(this, json);
    return json;
  }

  /** The locks of this page; there may be few or none on a page that is not the last. */
  public List<LockInfo> getLocks() {
    return locks;
  }

  /** Sets the locks of this page; there may be few or none on a page that is not the last. */
  public LockPage setLocks(List<LockInfo> locks) {
    this.locks = locks;
    return this;
  }

  /** The argument for the following page, or null when this is the last. */
  public String getNext() {
    return next;
  }

  /** Sets the argument for the following page, or null when this is the last. */
  public LockPage setNext(String next) {
    this.next = next;
    return this;
  }

  /** As JSON. */
  @Override
  public String toString() {
    return Shown.of(toJson());
  }
}
