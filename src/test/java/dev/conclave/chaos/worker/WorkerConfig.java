package dev.conclave.chaos.worker;

import io.vertx.core.json.JsonObject;

/**
 * What a worker does.
 *
 * @param worker its name, unique in the campaign
 * @param log its file of events
 * @param seed of its random decisions
 * @param backend the configuration of the backend, through the proxies
 * @param register the port of the {@link FencedRegister}
 * @param table where the {@link FencedTable} is, or null
 * @param keys for how many locks the clients compete
 * @param clients how many lock clients it has
 * @param leases how many clients exercise one lease, operation by operation
 * @param elections in how many elections it takes part
 * @param held how many locks of its own it holds and renews all the time; with any, it does {@link
 *     SoakWork} too
 * @param leaks whether that work leaves something behind on purpose
 */
public record WorkerConfig(
    String worker,
    String log,
    long seed,
    JsonObject backend,
    int register,
    String table,
    int keys,
    int clients,
    int leases,
    int elections,
    int held,
    boolean leaks) {
  public JsonObject toJson() {
    return new JsonObject()
        .put("worker", worker)
        .put("log", log)
        .put("seed", seed)
        .put("backend", backend)
        .put("register", register)
        .put("table", table)
        .put("keys", keys)
        .put("clients", clients)
        .put("leases", leases)
        .put("elections", elections)
        .put("held", held)
        .put("leaks", leaks);
  }

  static WorkerConfig of(JsonObject json) {
    return new WorkerConfig(
        json.getString("worker"),
        json.getString("log"),
        json.getLong("seed"),
        json.getJsonObject("backend"),
        json.getInteger("register"),
        json.getString("table"),
        json.getInteger("keys"),
        json.getInteger("clients"),
        json.getInteger("leases"),
        json.getInteger("elections"),
        json.getInteger("held"),
        json.getBoolean("leaks"));
  }
}
