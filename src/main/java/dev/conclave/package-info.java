/** The verticles: what an application deploys. */
package dev.conclave;
