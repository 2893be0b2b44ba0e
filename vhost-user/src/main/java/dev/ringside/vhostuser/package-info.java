/** vhost-user messages and the session state machine, without threads or sockets. */
@NullMarked
package dev.ringside.vhostuser;

import org.jspecify.annotations.NullMarked;
