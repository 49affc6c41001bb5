/** The processes of a campaign: what they run, and what they log. */
package dev.conclave.chaos.worker;
