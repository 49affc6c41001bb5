package dev.conclave.backend.postgres;

/** A record that a transaction of somebody else keeps locked: worth another look a little later. */
final class RecordLocked extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RecordLocked(Ask ask) {
    super(
        "the record of " + ask.space() + " '" + ask.name() + "' is locked by another transaction",
        null,
        false,
        false);
  }
}
