/** Leader election: who of several workers leads, and what runs only there. */
@ModuleGen(name = "conclave-election", groupPackage = "dev.conclave.election")
package dev.conclave.election;

import io.vertx.codegen.annotations.ModuleGen;
