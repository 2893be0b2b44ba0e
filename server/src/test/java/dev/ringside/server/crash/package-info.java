/**
 * Processes that are killed: {@code ringside blk} as a child, ended by SIGKILL at any moment or by
 * itself between two stores to shared memory, and started again under a load that keeps a ledger of
 * every acknowledged write.
 */
@NullMarked
package dev.ringside.server.crash;

import org.jspecify.annotations.NullMarked;
