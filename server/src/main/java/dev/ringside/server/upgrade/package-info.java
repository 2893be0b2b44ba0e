/**
 * Live upgrade: a process takes over another one that serves, with every socket, descriptor and
 * state, while front-ends and guests notice nothing but a pause. docs/upgrade.md tells how.
 */
@NullMarked
package dev.ringside.server.upgrade;

import org.jspecify.annotations.NullMarked;
