package dev.conclave;

import static dev.conclave.testing.Async.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.Backends;
import dev.conclave.backend.SyncBackend;
import dev.conclave.election.LeaderElection;
import dev.conclave.election.LeaderElectionOptions;
import dev.conclave.election.LeaderElectionService;
import dev.conclave.error.ErrorCode;
import dev.conclave.lock.LockManager;
import dev.conclave.lock.LockRequest;
import dev.conclave.lock.LockService;
import dev.conclave.lock.LockServiceOptions;
import dev.conclave.task.TaskManager;
import dev.conclave.task.TaskRouter;
import dev.conclave.task.TaskService;
import dev.conclave.testing.FaultyBackend;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import io.vertx.serviceproxy.ServiceException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every failure of every method of the three services is a {@link ServiceException} with one of our
 * codes, whatever has gone wrong, locally and over the bus.
 */
@ExtendWith(VertxExtension.class)
class ServiceFailuresTest {
  /** What begins and ends, or waits for what may never come. */
  private static final Set<String> NO_CALLS =
      Set.of("start", "close", "awaitLeadership", "awaitLoss", "awaitStepDown", "lead");

  private Vertx vertx;
  private FaultyBackend store;
  private LockManager locks;
  private LeaderElection election;
  private TaskManager tasks;

  @BeforeEach
  void open(Vertx vertx) {
    this.vertx = vertx;
    SyncBackend memory = get(Backends.connect(vertx, new JsonObject().put("type", "memory")));
    store = new FaultyBackend(memory, null);
    locks = LockManager.create(vertx, store, new LockServiceOptions().setBackendTimeout(500));
    get(LockService.bind(vertx, LockService.DEFAULT_ADDRESS, locks).completion());
    election =
        LeaderElection.create(
            vertx, store, new LeaderElectionOptions("known").setWorker("w").setStopTimeout(500));
    get(election.start());
    get(election.awaitLeadership());
    tasks = TaskManager.create(vertx, store);
    TaskRouter router = TaskRouter.create();
    router.every(Duration.ofHours(1), "known", () -> Future.succeededFuture()).oncePerTick();
    tasks.include(router);
    get(tasks.start());
  }

  @AfterEach
  void close() {
    get(tasks.close());
    get(election.close());
    get(locks.close());
  }

  // ---- what is called

  private record Service(Class<?> type, Object instance) {}

  private List<Service> remote() {
    return List.of(
        new Service(LockService.class, LockService.createProxy(vertx, new LockServiceOptions())),
        new Service(LeaderElectionService.class, LeaderElectionService.createProxy(vertx, "known")),
        new Service(
            LeaderElectionService.class,
            LeaderElectionService.createWorkerProxy(vertx, "known", "w")),
        new Service(TaskService.class, TaskService.createProxy(vertx)));
  }

  private List<Service> local() {
    return List.of(
        new Service(LockService.class, locks),
        new Service(LeaderElection.class, election),
        new Service(TaskService.class, tasks),
        new Service(TaskManager.class, tasks));
  }

  /** What a method's parameters get. */
  private enum Arguments {
    GOOD,
    MISSING,
    ODD;

    Object of(Class<?> type) {
      if (type == long.class) {
        return this == ODD ? Long.MIN_VALUE : 1_000L;
      }
      if (type == int.class) {
        return this == ODD ? -1 : 10;
      }
      if (this == MISSING) {
        return null;
      }
      if (type == Duration.class) {
        return this == ODD ? Duration.ofSeconds(Long.MAX_VALUE) : Duration.ofMillis(1);
      }
      if (type == LockRequest.class) {
        return this == ODD
            ? new LockRequest().setName("\0").setLeaseDuration(-1)
            : new LockRequest().setName("known").setWaitTimeout(0);
      }
      return this == ODD ? "\uD800" + "x".repeat(300) : "known";
    }
  }

  private static List<Method> methods(Class<?> service) {
    return Arrays.stream(service.getDeclaredMethods())
        .filter(method -> method.getReturnType() == Future.class)
        .filter(method -> Modifier.isAbstract(method.getModifiers()))
        .filter(method -> !NO_CALLS.contains(method.getName()))
        .sorted(Comparator.comparing(Method::getName))
        .toList();
  }

  private static Future<?> call(Object service, Method method, Arguments arguments) {
    Object[] given = Arrays.stream(method.getParameterTypes()).map(arguments::of).toArray();
    try {
      method.setAccessible(true);
      return (Future<?>) method.invoke(service, given);
    } catch (InvocationTargetException thrown) {
      throw new AssertionError(method + " throws instead of failing", thrown.getCause());
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /** Calls every method of every service; each outcome goes to the check with its call's name. */
  private static void callAll(
      List<Service> services, Arguments arguments, BiConsumer<String, Throwable> check) {
    for (Service service : services) {
      for (Method method : methods(service.type)) {
        String name = service.type.getSimpleName() + "." + method.getName() + " " + arguments;
        Throwable failure =
            get(
                call(service.instance, method, arguments)
                    .transform(ended -> Future.succeededFuture(ended.cause())));
        if (failure != null) {
          assertThat(failure).as(name).isInstanceOf(ServiceException.class);
          assertThat(ErrorCode.of(failure)).as("%s: %s", name, failure).isNotNull();
          assertThat(failure.getClass())
              .as("%s: the class that an event bus carries", name)
              .isEqualTo(ServiceException.class);
        }
        check.accept(name, failure);
      }
    }
  }

  private static BiConsumer<String, Throwable> failing(ErrorCode code, String part) {
    return (name, failure) -> {
      assertThat(failure).as(name).isNotNull();
      assertThat(ErrorCode.of(failure)).as("%s: %s", name, failure).isEqualTo(code);
      assertThat(failure.getMessage()).as(name).contains(part);
    };
  }

  // ---- what goes wrong

  @Test
  void noHandlerListens() {
    List<Service> unbound =
        List.of(
            new Service(
                LockService.class,
                LockService.createProxy(vertx, new LockServiceOptions().setAddress("nowhere"))),
            new Service(
                LeaderElectionService.class, LeaderElectionService.createProxy(vertx, "nowhere")),
            new Service(TaskService.class, TaskService.createProxy(vertx, "nowhere")));
    callAll(unbound, Arguments.GOOD, failing(ErrorCode.BACKEND_UNAVAILABLE, "listens on '"));
  }

  @Test
  void noAnswerArrivesOnTheBus() {
    // What the bus itself reports at its time-out, without the wait.
    vertx
        .eventBus()
        .addInboundInterceptor(
            delivery -> {
              if (delivery.message().replyAddress() != null) {
                delivery.message().reply(new ReplyException(ReplyFailure.TIMEOUT, "Timed out"));
              } else {
                delivery.next();
              }
            });
    callAll(
        remote(), Arguments.GOOD, failing(ErrorCode.BACKEND_UNAVAILABLE, "did not answer in time"));
  }

  @Test
  void theBusIsClosed() {
    Vertx closed = Vertx.vertx();
    List<Service> services =
        List.of(
            new Service(LockService.class, LockService.createProxy(closed)),
            new Service(
                LeaderElectionService.class, LeaderElectionService.createProxy(closed, "known")),
            new Service(TaskService.class, TaskService.createProxy(closed)));
    get(closed.close());
    callAll(services, Arguments.GOOD, failing(ErrorCode.BACKEND_UNAVAILABLE, ""));
  }

  @Test
  void theServiceHasEnded() {
    get(locks.close());
    get(election.close());
    get(tasks.close());
    callAll(
        local(),
        Arguments.GOOD,
        (name, failure) -> {
          if (failure == null) {
            assertThat(name).as("shows what it knew last").startsWith("TaskService.list");
          } else {
            failing(ErrorCode.CLOSED, "").accept(name, failure);
          }
        });
    callAll(
        remote(),
        Arguments.GOOD,
        (name, failure) ->
            assertThat(ErrorCode.of(failure))
                .as(name)
                .isEqualTo(
                    name.startsWith("LockService")
                        ? ErrorCode.CLOSED // it was bound by hand, and still is
                        : ErrorCode.BACKEND_UNAVAILABLE));
  }

  @ParameterizedTest
  @EnumSource(Arguments.class)
  void theArgumentsAreGoodMissingOrOdd(Arguments arguments) {
    callAll(local(), arguments, (name, failure) -> assertInvalid(arguments, name, failure));
    callAll(remote(), arguments, (name, failure) -> assertInvalid(arguments, name, failure));
  }

  private static void assertInvalid(Arguments arguments, String name, Throwable failure) {
    if (failure != null && arguments != Arguments.GOOD) {
      assertThat(ErrorCode.of(failure)).as("%s: %s", name, failure).isEqualTo(ErrorCode.INVALID);
    }
  }

  @Test
  void theStoreFailsInWordsOfItsOwn() {
    for (FaultyBackend.Fault fault :
        List.of(
            FaultyBackend.throwing(new IllegalStateException("Connection refused")),
            FaultyBackend.failing(new IllegalStateException("Connection refused")))) {
      store.onAll(fault);
      BiConsumer<String, Throwable> check =
          (name, failure) -> {
            boolean noLeader = name.equals("LeaderElectionService.resign GOOD");
            if (noLeader && ErrorCode.NOT_OWNER.is(failure)) {
              assertThat(failure).hasMessage("no worker leads election 'known'");
            } else if (failure != null) {
              failing(ErrorCode.BACKEND_UNAVAILABLE, "Connection refused").accept(name, failure);
            }
          };
      callAll(local(), Arguments.GOOD, check);
      callAll(remote(), Arguments.GOOD, check);
    }
  }
}
