package dev.conclave.backend.kubernetes.api;

import io.vertx.core.http.HttpClientOptions;

/**
 * Where the API server is, and how to authenticate.
 *
 * @param url scheme, host and port, for messages; without credentials
 * @param pathPrefix what stands before {@code /api} in every path; often empty
 * @param namespace where the objects are
 * @param options host, port, TLS
 * @param credentials what the requests carry
 */
public record Endpoint(
    String url,
    String pathPrefix,
    String namespace,
    HttpClientOptions options,
    Credentials credentials) {}
