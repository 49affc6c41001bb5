/** What an application deploys. */
package dev.conclave;
