/**
 * The live view of a process in a terminal. Callers may assume that what is shown contains no
 * escape sequence but the view's own, whatever names devices have.
 */
@NullMarked
package dev.ringside.server.top;

import org.jspecify.annotations.NullMarked;
