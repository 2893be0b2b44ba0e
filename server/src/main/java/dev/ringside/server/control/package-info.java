/**
 * The control socket: JSON-RPC 2.0 over a unix stream socket, one message per line. A message that
 * passes descriptors says how many in a member {@code fds} beside {@code params} or {@code result};
 * they come with the bytes of that line, and values name them by their place.
 */
@NullMarked
package dev.ringside.server.control;

import org.jspecify.annotations.NullMarked;
