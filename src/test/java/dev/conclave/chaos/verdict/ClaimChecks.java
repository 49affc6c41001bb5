package dev.conclave.chaos.verdict;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * What each handle has to satisfy by itself, as {@code isValid()} and {@code remaining()} were
 * asked of it again and again.
 */
public final class ClaimChecks {
  private ClaimChecks() {}

  /**
   * A handle does not say that it is valid when every end that {@code remaining()} has reported is
   * over.
   */
  public static List<String> notBeyondTheirEnd(History history) {
    List<String> violations = new ArrayList<>();
    byHandle(history)
        .forEach(
            (id, said) -> {
              long end = Long.MIN_VALUE;
              for (Event event : said) {
                if (event.type() == Event.Type.CLAIM) {
                  end = Math.max(end, Long.parseLong(event.outcome()) + Limits.SAME_END);
                } else if (event.type() == Event.Type.VALID && event.at() > end) {
                  violations.add("valid after the end that it had reported, " + end + ": " + event);
                }
              }
            });
    return violations;
  }

  /**
   * A handle that was not valid is not valid again, nor is there any time left; one that was lost,
   * or whose release was answered, is not valid.
   */
  public static List<String> notAgain(History history) {
    List<String> violations = new ArrayList<>();
    byHandle(history)
        .forEach(
            (id, said) -> {
              long over = Long.MAX_VALUE;
              for (Event event : said) {
                switch (event.type()) {
                  case INVALID -> over = Math.min(over, event.until());
                  case END -> over = event.outcome().equals("lost") ? event.at() : over;
                  case RETURN -> over = Math.min(over, event.at());
                  default -> {
                    if (event.at() > over) {
                      violations.add("valid again after " + over + ": " + event);
                    }
                  }
                }
              }
            });
    return violations;
  }

  /** What was said of each handle, in its order. */
  private static TreeMap<String, List<Event>> byHandle(History history) {
    TreeMap<String, List<Event>> all = new TreeMap<>();
    history.events().stream()
        .filter(
            e ->
                switch (e.type()) {
                  case CLAIM, VALID, INVALID, END -> true;
                  case RETURN -> e.id().startsWith(Labels.RELEASE);
                  default -> false;
                })
        .forEach(
            e ->
                all.computeIfAbsent(
                        e.type() == Event.Type.RETURN
                            ? e.id().substring(Labels.RELEASE.length())
                            : e.id(),
                        id -> new ArrayList<>())
                    .add(e));
    all.values().forEach(events -> events.sort(Comparator.comparingLong(Event::at)));
    return all;
  }
}
