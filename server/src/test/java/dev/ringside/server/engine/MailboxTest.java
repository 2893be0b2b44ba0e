package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Epoll;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailboxTest {
    private static final int COMMANDS = 50_000;

    @Test
    void shouldRunCommandsInTheOrderOfTheirPoster() throws Exception {
        try (Mailbox mailbox = new Mailbox()) {
            final List<Integer> ran = new ArrayList<>();
            mailbox.post(() -> ran.add(1));
            mailbox.post(() -> ran.add(2));

            runAll(mailbox);

            assertEquals(List.of(1, 2), ran);
            assertNull(mailbox.poll());
        }
    }

    @Test
    void shouldRefuseSleepWhenACommandWaits() throws Exception {
        try (Mailbox mailbox = new Mailbox()) {
            assertTrue(mailbox.prepareToSleep());
            mailbox.awake();
            mailbox.post(() -> {});

            assertFalse(mailbox.prepareToSleep());
        }
    }

    /** An owner that sleeps whenever it may must still see every command: none may be missed. */
    @Test
    void shouldNeverSleepThroughACommand() throws Exception {
        try (Mailbox mailbox = new Mailbox();
                Epoll epoll = Epoll.create()) {
            epoll.add(mailbox.wakeFd(), Epoll.IN, 0);
            final int[] ran = {0};
            final Thread poster =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        for (int i = 0; i < COMMANDS; i++) {
                                            mailbox.post(() -> ran[0]++);
                                        }
                                    });

            while (ran[0] < COMMANDS) {
                runAll(mailbox);
                if (ran[0] < COMMANDS && mailbox.prepareToSleep()) {
                    epoll.await(-1);
                    mailbox.drainWake();
                }
                mailbox.awake();
            }

            poster.join();
            assertEquals(COMMANDS, ran[0]);
        }
    }

    private static void runAll(Mailbox mailbox) {
        for (Runnable command = mailbox.poll(); command != null; command = mailbox.poll()) {
            command.run();
        }
    }
}
