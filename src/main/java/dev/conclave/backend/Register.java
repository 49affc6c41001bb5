package dev.conclave.backend;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * A register as the store shows it, with the store's time.
 *
 * @param mark what it holds; empty when it was never set
 * @param storeTime the store's own clock when it was read
 */
public record Register(OptionalLong mark, Instant storeTime) {}
