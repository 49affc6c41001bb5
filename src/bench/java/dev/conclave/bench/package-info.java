/**
 * Measures Conclave, bare clients and peers side by side on the same servers. {@code Bench}
 * conducts; every contender works in processes of its own, made by {@code Worker}.
 */
package dev.conclave.bench;
