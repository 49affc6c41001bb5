/** What the processes do in each search, and what must always be true of it: the tests. */
package dev.conclave.model.scenario;
