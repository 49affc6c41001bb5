package dev.conclave.backend.postgres;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.backend.SyncBackend;
import dev.conclave.error.ErrorCode;
import dev.conclave.testing.PgBouncer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Behind a pooler that gives each transaction any of a few connections. */
class PostgresPoolerTest extends PostgresFixture {
  private static final int CHAINS = 60;

  private JsonObject behind(PgBouncer pooler) {
    return new JsonObject()
        .put("type", "postgres")
        .put("uri", "postgresql://anybody@127.0.0.1:" + pooler.port() + "/" + database)
        .put("transactionPooling", true);
  }

  @Test
  void everyOperationWorksWithOneKeyOfTheConfiguration() {
    PgBouncer pooler =
        PgBouncer.start(URI.create(server().uri(database)), database)
            .orElseGet(
                () -> {
                  String message = "not tried: PgBouncer, for it is not installed";
                  System.out.println(message);
                  return abort(message);
                });
    List<SyncBackend> backends = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      backends.add(open(behind(pooler)));
    }
    closing(pooler);
    List<Future<?>> chains = new ArrayList<>();
    for (int i = 0; i < CHAINS; i++) {
      chains.add(chain(backends.get(i % 3), backends.get((i + 1) % 3)));
    }
    chains.forEach(chain -> get(chain));
  }

  /** One of every operation, contended ones among them. */
  private static Future<?> chain(SyncBackend one, SyncBackend other) {
    LeaseKey key = key();
    String holder = token();
    LeaseRequest next = LeaseRequest.of(key, token(), LONG, "owner").waiting(LONG, () -> {});
    return one.ping()
        .compose(done -> one.acquire(LeaseRequest.of(key, holder, LONG, "owner")))
        .onSuccess(answer -> assertThat(answer.granted()).isTrue())
        .compose(done -> other.acquire(next))
        .onSuccess(answer -> assertThat(answer.granted()).isFalse())
        .compose(done -> one.extend(key, holder, LONG))
        .onSuccess(extended -> assertThat(extended).isTrue())
        .compose(done -> other.find(key))
        .onSuccess(found -> assertThat(found).isPresent())
        .compose(done -> one.owns(key, holder))
        .onSuccess(owns -> assertThat(owns).isTrue())
        .compose(done -> one.release(key, holder))
        .onSuccess(released -> assertThat(released).isTrue())
        .compose(done -> other.acquire(next))
        .onSuccess(answer -> assertThat(answer.granted()).as("what was offered").isTrue())
        .compose(done -> one.revoke(key))
        .onSuccess(revoked -> assertThat(revoked).isTrue())
        .compose(done -> other.leave(key, next.token()))
        .compose(done -> one.advance(key.name(), 5))
        .onSuccess(advanced -> assertThat(advanced).isTrue())
        .compose(done -> other.retreat(key.name(), 3))
        .onSuccess(back -> assertThat(back).isTrue())
        .compose(done -> one.register(key.name()))
        .compose(done -> one.list(LeaseKey.Kind.LOCK, "", null, 10));
  }

  @Test
  void aPoolerAllowsNoListening() {
    JsonObject config = config().put("transactionPooling", true);
    assertThat(PostgresConfig.of(config).notifications()).isFalse();
    assertThatThrownBy(() -> PostgresConfig.of(config.copy().put("notifications", true)))
        .matches(ErrorCode.INVALID::is)
        .hasMessageContainingAll("backend.notifications is true", "backend.transactionPooling");
  }
}
