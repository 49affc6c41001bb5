/** Tasks: what to run, how often, and what must be held while it runs. */
@ModuleGen(name = "conclave-task", groupPackage = "dev.conclave.task")
package dev.conclave.task;

import io.vertx.codegen.annotations.ModuleGen;
