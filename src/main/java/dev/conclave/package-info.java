/**
 * What an application uses first: {@link dev.conclave.Conclave} inside the application, or the
 * verticles that it deploys.
 *
 * <p>No interface here or in the other packages is annotated with {@code @VertxGen}. The API uses
 * {@code java.util.function}, {@code java.time} and {@code OptionalLong}, which the generators for
 * other languages do not support. The services are proxies ({@code @ProxyGen}) and their messages
 * plain JSON, so that clients in other languages can call them over the event bus.
 */
package dev.conclave;
