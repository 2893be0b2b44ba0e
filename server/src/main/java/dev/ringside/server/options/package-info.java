/**
 * What the operator typed becomes checked options: the syntax of each command line, the meaning of
 * each value, and the records that say what to serve.
 *
 * <p>Nothing here opens, creates or changes anything. Every refusal is one line that names the
 * thing, the value and the way out.
 */
@NullMarked
package dev.ringside.server.options;

import org.jspecify.annotations.NullMarked;
