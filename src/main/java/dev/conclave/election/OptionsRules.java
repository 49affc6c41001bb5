package dev.conclave.election;

import dev.conclave.backend.LeaseKey;
import dev.conclave.backend.LeaseRequest;
import dev.conclave.config.ConfigSchema;
import dev.conclave.error.ErrorCode;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;
import java.util.List;

/**
 * The rules of the options. Every message names the election, the fields, their values, the rule,
 * and which of the values is a default.
 */
final class OptionsRules {
  private static final ConfigSchema SCHEMA = ConfigSchema.named("election");

  /**
   * One time of the options.
   *
   * @param origin describes the default; empty when the value was set
   */
  private record Time(String field, long millis, String origin) {
    static Time of(String field, long millis, boolean set, String origin) {
      return new Time(field, millis, set ? "" : " (" + origin + ")");
    }

    static Time of(String field, long millis) {
      return new Time(field, millis, "");
    }

    @Override
    public String toString() {
      return field + " " + millis + origin;
    }
  }

  private OptionsRules() {}

  static void check(LeaderElectionOptions options) {
    named("election", () -> LeaseKey.checkName(options.getElection()));
    try {
      checkRest(options);
    } catch (ServiceException refused) {
      throw ErrorCode.INVALID.failure(
          "election '" + options.getElection() + "': " + refused.getMessage());
    }
  }

  private static void checkRest(LeaderElectionOptions options) {
    named("worker", () -> LeaseRequest.checkOwner(options.getWorker()));
    LeaseRequest.checkMetadata(options.getMetadata());
    checkTimes(options);
    SCHEMA.checkNumber("jitter", options.getJitter());
    if (options.getPublish() == null) {
      throw ErrorCode.INVALID.failure("publish is missing");
    }
    options.getDeploy().forEach(LeaderDeployment::check);
  }

  private static void checkTimes(LeaderElectionOptions options) {
    Time lease =
        Time.of(
            "leaseDuration",
            options.getLeaseDuration(),
            options.isLeaseDurationSet(),
            "the default");
    Time deadline =
        Time.of(
            "renewDeadline",
            options.getRenewDeadline(),
            options.isRenewDeadlineSet(),
            "by default two thirds of leaseDuration");
    Time retry =
        Time.of(
            "retryInterval",
            options.getRetryInterval(),
            options.isRetryIntervalSet(),
            "by default a fifth of renewDeadline");
    Time timeout =
        Time.of(
            "backendTimeout",
            options.getBackendTimeout(),
            options.isBackendTimeoutSet(),
            "by default half of renewDeadline");
    Time error = Time.of("errorInterval", options.getErrorInterval());
    Time stop = Time.of("stopTimeout", options.getStopTimeout());
    List.of(lease, deadline, retry, timeout, error, stop).forEach(OptionsRules::within);
    less(deadline, lease, "a leader has to know that it does not lead before another can");
    less(retry, deadline, "a leader has to renew in time");
    less(timeout, deadline, "one hung call must not cost the leadership");
  }

  private static void named(String field, Runnable check) {
    try {
      check.run();
    } catch (ServiceException refused) {
      throw ErrorCode.INVALID.failure(field + ": " + refused.getMessage());
    }
  }

  private static void within(Time time) {
    if (time.millis <= 0) {
      throw ErrorCode.INVALID.failure(time + " must be positive milliseconds");
    }
    ConfigSchema.Range range = SCHEMA.range(time.field);
    long least = range.least().longValue();
    if (time.millis < least) {
      // A shorter time cannot distinguish a failed renewal from a pause of the machine.
      throw ErrorCode.INVALID.failure(time + " must be at least " + least + " ms");
    }
    Duration most = Duration.ofMillis(range.most().longValue());
    if (time.millis > most.toMillis()) {
      throw ErrorCode.INVALID.failure(
          time
              + " must be at most "
              + most.toMillis()
              + " milliseconds ("
              + most.toDays()
              + " days)");
    }
  }

  private static void less(Time time, Time bound, String why) {
    if (time.millis >= bound.millis) {
      throw ErrorCode.INVALID.failure(time + " must be less than " + bound + ": " + why);
    }
  }
}
