package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.Qemu.Answer;
import java.io.IOException;

/**
 * A running Linux that does what it is told.
 *
 * @param machine whose guest is in {@code serve} (guest/lib.sh)
 */
record NetGuest(Qemu machine) implements Shell {
    @Override
    public Answer attempt(final String script) throws IOException, InterruptedException {
        return machine.run("d=/tmp\n" + script);
    }

    /** Waits until the link of an interface is up ({@code 1}) or down ({@code 0}). */
    void awaitCarrier(final String device, final int state)
            throws IOException, InterruptedException {
        run(
                "until [ \"$(cat /sys/class/net/%s/carrier)\" = %d ]; do sleep 0.05; done"
                        .formatted(device, state));
    }

    /** The driver found nothing to complain of. */
    void assertNoKernelWarning() throws IOException, InterruptedException {
        assertEquals(
                "", run("dmesg | grep -E 'WARNING:|BUG:|Oops|timed out|bad gso|unknown' || true"));
    }
}
