/** The way to the API server: configuration files, credentials, requests and event streams. */
package dev.conclave.backend.kubernetes.api;
