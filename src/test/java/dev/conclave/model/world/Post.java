package dev.conclave.model.world;

import java.util.ArrayList;
import java.util.List;

/** What is on its way, in an order that does not depend on how a state was reached. */
final class Post {
  private final List<Message> messages = new ArrayList<>();
  private transient long sent;
  boolean hintsArrive = true;

  List<Message> messages() {
    return messages;
  }

  void toStore(ModelProcess from, String what, Runnable arrival) {
    send(from, Message.To.STORE, what, arrival);
  }

  void toProcess(ModelProcess to, String what, Runnable arrival) {
    if (!to.crashed) {
      send(to, Message.To.PROCESS, what, arrival);
    }
  }

  /** A waiter is notified that it is first in the queue. */
  void notification(ModelProcess to, Runnable notification) {
    if (hintsArrive) {
      toProcess(to, "notification", notification);
    }
  }

  /** Two hints on their way say no more than one. */
  void hint(ModelProcess to, Runnable hint) {
    if (hintsArrive && messages.stream().noneMatch(m -> m.isHint() && m.process == to)) {
      toProcess(to, Message.HINT, hint);
    }
  }

  private void send(ModelProcess process, Message.To to, String what, Runnable arrival) {
    Message message = new Message(process, to, what, arrival, sent++);
    int place = messages.size();
    while (place > 0 && Message.ORDER.compare(messages.get(place - 1), message) > 0) {
      place--;
    }
    messages.add(place, message);
  }

  void remove(Message message) {
    messages.remove(message);
  }

  /** What it has sent arrives all the same. */
  void crashed(ModelProcess process) {
    messages.removeIf(m -> m.process == process && m.to == Message.To.PROCESS);
  }

  boolean isHolding() {
    return messages.stream().anyMatch(m -> m.held);
  }
}
