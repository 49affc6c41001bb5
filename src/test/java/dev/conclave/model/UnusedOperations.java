package dev.conclave.model;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseKind;
import dev.conclave.backend.LeasePage;
import dev.conclave.backend.SyncBackend;
import io.vertx.core.Future;

/** The operations that elections and locks do without while they run. */
interface UnusedOperations extends SyncBackend {
  @Override
  default Future<Boolean> owns(LeaseKey key, String token) {
    throw new UnsupportedOperationException("owns");
  }

  @Override
  default Future<LeasePage> list(LeaseKind kind, String prefix, String page, int limit) {
    throw new UnsupportedOperationException("list");
  }

  @Override
  default Future<Boolean> revoke(LeaseKey key) {
    throw new UnsupportedOperationException("revoke");
  }

  @Override
  default Future<Boolean> advance(String name, long mark) {
    throw new UnsupportedOperationException("advance");
  }

  @Override
  default Future<Void> ping() {
    throw new UnsupportedOperationException("ping");
  }

  @Override
  default Future<Void> close() {
    throw new UnsupportedOperationException("close");
  }
}
