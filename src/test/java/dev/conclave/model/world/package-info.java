/**
 * The world that is searched: processes, a store, the messages between them, and what may happen
 * next. Uses no other room.
 */
package dev.conclave.model.world;
