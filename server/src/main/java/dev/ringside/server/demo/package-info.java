/** Serves a demo disk to a real virtual machine. */
@NullMarked
package dev.ringside.server.demo;

import org.jspecify.annotations.NullMarked;
