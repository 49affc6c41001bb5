package dev.conclave.model.search;

import dev.conclave.model.world.Step;
import dev.conclave.model.world.Violation;
import dev.conclave.model.world.World;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Runs through everything that can happen in a world, by depth-first search with replay.
 *
 * <ol>
 *   <li>An execution begins with a new world and repeats the choices of the one before up to the
 *       last that has an alternative left; from there on it takes the first of what may happen.
 *   <li>Every new state with a choice or a pause is looked up: one that was seen before ends the
 *       execution, because everything that can follow has been or will be tried from there.
 *   <li>The search is over when no choice has an alternative left: it was complete then. A
 *       violation ends it earlier, and the execution is repeated to tell it step by step.
 * </ol>
 */
final class Explorer {
  /**
   * What was found.
   *
   * @param executions how often a world was run from its beginning
   * @param states how many different states there were in which there was a choice or a pause
   * @param ends how many executions came to their end, and were not cut short by a known state
   * @param steps how many steps were made, replays included
   * @param longest how many steps the longest execution had
   * @param complete whether everything was tried
   * @param violation what did not hold, or null
   * @param trace what led to it, step by step
   */
  public record Result(
      long executions,
      long states,
      long ends,
      long steps,
      int longest,
      boolean complete,
      Violation violation,
      List<String> trace) {}

  private static final class Choice {
    private int taken;
    private final int options;

    private Choice(int options) {
      this.options = options;
    }
  }

  private final Function<Consumer<String>, World> worlds;
  private final boolean remembers;
  private final Set<Fingerprint.Key> seen = new HashSet<>();
  private final List<Choice> choices = new ArrayList<>();
  private long executions;
  private long ends;
  private long steps;
  private int longest;

  /**
   * @param worlds makes a world that tells its steps, or does not when it gets null
   * @param remembers whether known states are cut short; without, the search is much longer and has
   *     to find the same
   */
  Explorer(Function<Consumer<String>, World> worlds, boolean remembers) {
    this.worlds = worlds;
    this.remembers = remembers;
  }

  Result explore() {
    Violation violation = null;
    do {
      violation = execute(null);
    } while (violation == null && nextChoices());
    boolean complete = violation == null;
    List<String> trace = new ArrayList<>();
    if (violation != null) {
      execute(trace::add);
    }
    return new Result(executions, seen.size(), ends, steps, longest, complete, violation, trace);
  }

  private Violation execute(Consumer<String> log) {
    World world = worlds.apply(log);
    executions++;
    int depth = 0;
    int length = 0;
    for (List<Step> next = world.steps(); !next.isEmpty(); next = world.steps()) {
      boolean isNew = depth == choices.size();
      if (isNew && world.isMilestone(next) && !seen.add(Fingerprint.of(world)) && remembers) {
        return null;
      }
      int taken = 0;
      if (next.size() > 1) {
        if (isNew) {
          choices.add(new Choice(next.size()));
        }
        Choice choice = choices.get(depth++);
        if (choice.options != next.size()) {
          throw new IllegalStateException("a replay went another way: " + next.size() + " options");
        }
        taken = choice.taken;
      }
      world.perform(next.get(taken));
      if (depth == choices.size()) { // what is repeated was looked at before
        world.check();
      }
      steps++;
      length++;
      longest = Math.max(longest, length);
      if (world.violation() != null) {
        return world.violation();
      }
    }
    ends++;
    return null;
  }

  private boolean nextChoices() {
    while (!choices.isEmpty()) {
      Choice last = choices.get(choices.size() - 1);
      if (++last.taken < last.options) {
        return true;
      }
      choices.remove(choices.size() - 1);
    }
    return false;
  }
}
