/** Distributed locks: the service, its proxy, and the client-side lock and handle. */
@ModuleGen(name = "conclave-lock", groupPackage = "dev.conclave.lock")
package dev.conclave.lock;

import io.vertx.codegen.annotations.ModuleGen;
