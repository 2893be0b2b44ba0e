/** Every syscall, every restricted method and every mapping of the process. */
@NullMarked
package dev.ringside.shm;

import org.jspecify.annotations.NullMarked;
