/** The contenders: each locks the way its own documentation tells its users to. */
package dev.conclave.bench.peers;
