package dev.ringside.server.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ringside.metrics.MetricsRegistry;
import org.junit.jupiter.api.Test;

final class ControlClientsTest {
    private final ControlClients clients = new ControlClients(5, new MetricsRegistry());

    @Test
    void shouldTakeInSoManyAndNoMore() {
        for (int i = 0; i < 5; i++) {
            assertNull(clients.admit(Access.CHANGE));
        }

        assertEquals("there are 5 already (--control-clients)", clients.admit(Access.CHANGE));
        clients.leave(Access.CHANGE);
        assertNull(clients.admit(Access.READ));
        assertNotNull(clients.admit(Access.CHANGE));
    }

    @Test
    void shouldKeepHalfOfThePlacesFromThoseWhoOnlyLook() {
        assertNull(clients.admit(Access.READ));
        assertNull(clients.admit(Access.READ));

        assertEquals(
                "there are 2 already that may only look (half of --control-clients)",
                clients.admit(Access.READ));
        assertNull(clients.admit(Access.CHANGE));
        clients.leave(Access.READ);
        assertNull(clients.admit(Access.READ));
        assertNotNull(clients.admit(Access.READ));
        assertNull(clients.admit(Access.CHANGE));
        assertNull(clients.admit(Access.CHANGE));
        assertNotNull(clients.admit(Access.CHANGE));
    }
}
