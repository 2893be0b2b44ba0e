/**
 * {@code ringside check}: says what a vhost-user back-end does otherwise than the specifications
 * want it. A check is a statement and how to try it; each group of them has a class of its own.
 */
@NullMarked
package dev.ringside.server.check;

import org.jspecify.annotations.NullMarked;
