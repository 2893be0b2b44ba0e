/**
 * What the process tells its operator: single lines on stderr, as text or as JSON.
 *
 * <p>For the control path only. Shards count, they do not log. Callers may assume that no method
 * here throws, that each call writes at most one line (text from a front-end cannot forge another),
 * and that a {@code warn} repeated for ever costs a bounded number of lines.
 */
@NullMarked
package dev.ringside.server.log;

import org.jspecify.annotations.NullMarked;
