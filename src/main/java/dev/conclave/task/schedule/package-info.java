/** When a task is due: fixed rate, fixed delay, and the ticks of cron expressions. */
package dev.conclave.task.schedule;
