package dev.conclave.election;

import dev.conclave.backend.ErrorCode;
import dev.conclave.backend.LeaseRules;
import io.vertx.serviceproxy.ServiceException;
import java.time.Duration;

/** What options must obey; every refusal names the fields, their values and the rule. */
final class OptionsRules {
  /** Below this no renewal could be told from a pause of the machine. */
  static final long MIN_LEASE_DURATION = 100;

  static final double MAX_JITTER = 0.5;

  private OptionsRules() {}

  static void check(LeaderElectionOptions options) {
    named("election", () -> LeaseRules.checkName(options.getElection()));
    named("worker", () -> LeaseRules.checkOwner(options.getWorker()));
    LeaseRules.checkMetadata(options.getMetadata());
    positive("leaseDuration", options.getLeaseDuration());
    positive("renewDeadline", options.getRenewDeadline());
    positive("retryInterval", options.getRetryInterval());
    positive("backendTimeout", options.getBackendTimeout());
    positive("errorInterval", options.getErrorInterval());
    positive("stopTimeout", options.getStopTimeout());
    if (options.getLeaseDuration() < MIN_LEASE_DURATION) {
      throw ErrorCode.INVALID.failure(
          "leaseDuration " + options.getLeaseDuration() + " must be at least 100 ms");
    }
    named(
        "leaseDuration",
        () -> LeaseRules.checkDuration(Duration.ofMillis(options.getLeaseDuration())));
    less(
        "renewDeadline",
        options.getRenewDeadline(),
        "leaseDuration",
        options.getLeaseDuration(),
        "a leader has to know that it does not lead before another can");
    less(
        "retryInterval",
        options.getRetryInterval(),
        "renewDeadline",
        options.getRenewDeadline(),
        "a leader has to renew in time");
    less(
        "backendTimeout",
        options.getBackendTimeout(),
        "renewDeadline",
        options.getRenewDeadline(),
        "one hung call must not cost the leadership");
    if (!(options.getJitter() >= 0 && options.getJitter() <= MAX_JITTER)) {
      throw ErrorCode.INVALID.failure(
          "jitter " + options.getJitter() + " must be from 0 to " + MAX_JITTER);
    }
    if (options.getPublish() == null) {
      throw ErrorCode.INVALID.failure("publish is missing");
    }
    options.getDeploy().forEach(LeaderDeployment::check);
  }

  private static void named(String field, Runnable check) {
    try {
      check.run();
    } catch (ServiceException refused) {
      throw ErrorCode.INVALID.failure(field + ": " + refused.getMessage());
    }
  }

  private static void positive(String field, long value) {
    if (value <= 0) {
      throw ErrorCode.INVALID.failure(field + " " + value + " must be positive milliseconds");
    }
    long most = LeaseRules.MAX_DURATION.toMillis();
    if (value > most) {
      throw ErrorCode.INVALID.failure(
          field
              + " "
              + value
              + " must be at most "
              + most
              + " milliseconds ("
              + LeaseRules.MAX_DURATION.toDays()
              + " days)");
    }
  }

  private static void less(String field, long value, String other, long bound, String why) {
    if (value >= bound) {
      throw ErrorCode.INVALID.failure(
          field + " " + value + " must be less than " + other + " " + bound + ": " + why);
    }
  }
}
