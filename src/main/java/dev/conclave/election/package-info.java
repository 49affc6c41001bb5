/** Leader election: which of several workers leads, and what runs only on that worker. */
@ModuleGen(name = "conclave-election", groupPackage = "dev.conclave.election")
package dev.conclave.election;

import io.vertx.codegen.annotations.ModuleGen;
