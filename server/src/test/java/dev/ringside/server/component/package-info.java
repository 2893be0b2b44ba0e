/**
 * The whole back-end in one process, driven over real sockets and shared memory by the {@code
 * frontend} module, which was written from the specifications alone.
 *
 * <p>Tests may assume that {@link dev.ringside.server.component.TestServer} leaves nothing behind:
 * no thread, descriptor, mapping or file.
 */
@NullMarked
package dev.ringside.server.component;

import org.jspecify.annotations.NullMarked;
