package dev.conclave.backend.kubernetes.object;

import io.vertx.core.json.JsonObject;

/** The kinds of objects that leases are kept in, and where in them the record stands. */
public enum Resource {
  /** The object made for it. */
  LEASE("lease", "leases", "coordination.k8s.io", "coordination.k8s.io/v1", "Lease") {
    @Override
    public LeaderRecord read(JsonObject object) {
      JsonObject spec = object.getJsonObject("spec");
      return spec == null ? LeaderRecord.NONE : record(spec, "leaseTransitions");
    }

    @Override
    public void write(JsonObject object, LeaderRecord record) {
      JsonObject spec = object.getJsonObject("spec", new JsonObject());
      object.put("spec", fill(spec, record, "leaseTransitions"));
    }
  },

  /** The annotation on a ConfigMap that electors used before Lease objects. */
  CONFIGMAP("configmap", "configmaps", "", "v1", "ConfigMap") {
    @Override
    public LeaderRecord read(JsonObject object) {
      String json = annotations(object).getString(LEADER);
      return json == null ? LeaderRecord.NONE : record(new JsonObject(json), "leaderTransitions");
    }

    @Override
    public void write(JsonObject object, LeaderRecord record) {
      JsonObject metadata = object.getJsonObject("metadata");
      JsonObject annotations = annotations(object);
      String known = annotations.getString(LEADER);
      JsonObject fields = known == null ? new JsonObject() : new JsonObject(known);
      fill(fields, record, "leaderTransitions");
      metadata.put("annotations", annotations.put(LEADER, fields.encode()));
    }
  };

  /** The annotation of the resource {@code configmap}. */
  public static final String LEADER = "control-plane.alpha.kubernetes.io/leader";

  private final String id;
  private final String plural;
  private final String group;
  private final String apiVersion;
  private final String kind;

  Resource(String id, String plural, String group, String apiVersion, String kind) {
    this.id = id;
    this.plural = plural;
    this.group = group;
    this.apiVersion = apiVersion;
    this.kind = kind;
  }

  /** The one whose configuration value this is. */
  public static Resource of(String id) {
    return id.equals(LEASE.id) ? LEASE : CONFIGMAP;
  }

  /** The record in an object; fails when it is malformed. */
  public abstract LeaderRecord read(JsonObject object);

  /** Puts the record into an object, leaving fields alone that are not ours. */
  public abstract void write(JsonObject object, LeaderRecord record);

  /** The path of a name space's collection. */
  public String path(String namespace) {
    String root = group.isEmpty() ? "/api/" : "/apis/";
    return root + apiVersion + "/namespaces/" + namespace + "/" + plural;
  }

  /** Its name in a role. */
  public String qualifiedName() {
    return group.isEmpty() ? plural : plural + "." + group;
  }

  /** Marks an object as one of this kind; items of a list do not have these fields. */
  public JsonObject mark(JsonObject object) {
    return object.put("apiVersion", apiVersion).put("kind", kind);
  }

  /** An object's annotations; empty when it has none. */
  public static JsonObject annotations(JsonObject object) {
    return object.getJsonObject("metadata").getJsonObject("annotations", new JsonObject());
  }

  private static LeaderRecord record(JsonObject fields, String transitions) {
    String holder = fields.getString("holderIdentity");
    return new LeaderRecord(
        holder == null ? "" : holder,
        number(fields, "leaseDurationSeconds"),
        fields.getString("acquireTime"),
        fields.getString("renewTime"),
        number(fields, transitions));
  }

  private static int number(JsonObject fields, String field) {
    Integer value = fields.getInteger(field);
    return value == null ? 0 : value;
  }

  private static JsonObject fill(JsonObject fields, LeaderRecord record, String transitions) {
    return fields
        .put("holderIdentity", record.holder())
        .put("leaseDurationSeconds", record.durationSeconds())
        .put("acquireTime", record.acquireTime())
        .put("renewTime", record.renewTime())
        .put(transitions, record.transitions());
  }
}
