/**
 * {@code ringside ctl}: the verbs by which people talk to a running process. They know what the
 * process says only as JSON: docs/control.md is what both keep to.
 */
@NullMarked
package dev.ringside.server.ctl;

import org.jspecify.annotations.NullMarked;
