package dev.conclave.backend.postgres;

/** A record that a transaction of somebody else keeps locked: worth another look a little later. */
final class RecordLocked extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RecordLocked(PostgresRequest request) {
    super(
        "the record of "
            + request.space()
            + " '"
            + request.name()
            + "' is locked by another transaction",
        null,
        false,
        false);
  }
}
