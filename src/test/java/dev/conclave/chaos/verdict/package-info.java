/** The history of a campaign and the checks that judge it. Uses no other room. */
package dev.conclave.chaos.verdict;
