package dev.conclave.backend;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.json.JsonObject;
import io.vertx.serviceproxy.ServiceException;
import io.vertx.serviceproxy.ServiceExceptionMessageCodec;

/**
 * A failure that shows itself as the name of its {@link ErrorCode} and one sentence: that is what
 * logs, launchers and consoles print. Vert.x would put {@code (RECIPIENT_FAILURE,4805)} before the
 * sentence, also where nothing has crossed an event bus.
 */
final class Failure extends ServiceException {
  private static final long serialVersionUID = 1L;

  Failure(int code, String message, JsonObject details) {
    super(code, message, details);
  }

  @Override
  public String toString() {
    ErrorCode code = ErrorCode.of(this);
    return (code == null ? failureCode() : code) + ": " + getMessage();
  }

  /** How it travels over an event bus: as a {@link ServiceException} does. */
  static final class Codec implements MessageCodec<Failure, Failure> {
    private final ServiceExceptionMessageCodec fields = new ServiceExceptionMessageCodec();

    @Override
    public void encodeToWire(Buffer buffer, Failure failure) {
      fields.encodeToWire(buffer, failure);
    }

    @Override
    public Failure decodeFromWire(int position, Buffer buffer) {
      ServiceException sent = fields.decodeFromWire(position, buffer);
      return new Failure(sent.failureCode(), sent.getMessage(), sent.getDebugInfo());
    }

    @Override
    public Failure transform(Failure failure) {
      return failure;
    }

    @Override
    public String name() {
      return "conclave.failure";
    }

    @Override
    public byte systemCodecID() {
      return -1;
    }
  }
}
