/**
 * What is installed: the Debian package in a Debian without Java, the OCI image in a container.
 * Each is made by its script and serves a verified load.
 */
@NullMarked
package dev.ringside.server.packaging;

import org.jspecify.annotations.NullMarked;
