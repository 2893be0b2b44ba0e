/** What the demo is made of, without a VM; dev.ringside.server.guest has the VMs. */
@NullMarked
package dev.ringside.server.demo;

import org.jspecify.annotations.NullMarked;
