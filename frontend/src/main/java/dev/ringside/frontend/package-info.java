/** The other side of vhost-user, written from the specification: front-end and driver. */
@NullMarked
package dev.ringside.frontend;

import org.jspecify.annotations.NullMarked;
