/**
 * A configuration in TOML becomes the same options that command lines become: strict, with file,
 * line and table in each refusal.
 */
@NullMarked
package dev.ringside.server.config;

import org.jspecify.annotations.NullMarked;
