/** Leader election and distributed locks for Vert.x. */
module dev.conclave {
  requires transitive io.vertx.core;
  requires transitive io.vertx.serviceproxy;
  requires io.vertx.jsonschema;
  requires static io.vertx.codegen.api;
  requires static io.vertx.codegen.json;
  requires static io.vertx.sql.client;
  requires static io.vertx.sql.client.pg;
  requires static io.vertx.redis.client;
  requires static org.yaml.snakeyaml;

  exports dev.conclave;
  exports dev.conclave.backend;
  exports dev.conclave.backend.support;
  exports dev.conclave.lock;
  exports dev.conclave.task;
  exports dev.conclave.election;
  exports dev.conclave.error;
  exports dev.conclave.time;

  uses dev.conclave.backend.BackendFactory;

  provides dev.conclave.backend.BackendFactory with
      dev.conclave.backend.kubernetes.KubernetesBackendFactory,
      dev.conclave.backend.memory.MemoryBackendFactory,
      dev.conclave.backend.postgres.PostgresBackendFactory,
      dev.conclave.backend.redis.RedisBackendFactory;
}
