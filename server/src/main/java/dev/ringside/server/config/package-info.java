/** What the operator asked for, checked. */
@NullMarked
package dev.ringside.server.config;

import org.jspecify.annotations.NullMarked;
