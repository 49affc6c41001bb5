package dev.conclave.model;

import java.util.function.Supplier;

/** Something that may happen next. */
record Step(Supplier<String> label, Runnable action) {}
