/** What a run of a task must hold: guards, and the records that they keep. */
package dev.conclave.task.guard;
