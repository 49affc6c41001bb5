/** What runs only on the worker that leads. */
package dev.conclave.election.work;
