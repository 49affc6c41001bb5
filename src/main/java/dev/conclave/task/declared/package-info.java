/** Tasks that a configuration declares. */
package dev.conclave.task.declared;
