package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How late the kernel may wake a thread that waits for a time, so that it need not wake a processor
 * just for that ({@code timerslack_ns} of proc(5)). Its own default is 50 us.
 */
public final class TimerSlack {
    private static final Path PROC = Path.of("/proc");

    private TimerSlack() {}

    /**
     * Sets it for this process's threads of a name. For another thread than the calling one the
     * kernel wants CAP_SYS_NICE. Any thread.
     *
     * @param comm the name as the kernel has it: 15 bytes at most
     * @param slackNs nanoseconds, more than 0
     * @return how many threads it was set for; 0 also where the kernel does not allow it
     */
    public static int setForThreads(String comm, long slackNs) {
        if (slackNs <= 0) {
            throw new IllegalArgumentException("timer slack " + slackNs + " ns is not above 0");
        }
        int count = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(PROC.resolve("self/task"))) {
            for (Path thread : threads) {
                count += set(thread, comm, slackNs) ? 1 : 0;
            }
        } catch (IOException | DirectoryIteratorException e) {
            // There is no procfs here: what was set stays.
        }
        return count;
    }

    private static boolean set(Path thread, String comm, long slackNs) {
        try {
            if (!Files.readString(thread.resolve("comm")).strip().equals(comm)) {
                return false;
            }
            // Not below self/task, where proc(5) has no such file.
            Path slack = PROC.resolve(thread.getFileName()).resolve("timerslack_ns");
            Files.writeString(slack, Long.toString(slackNs));
            return true;
        } catch (IOException e) {
            // Not allowed, or it has ended meanwhile.
            return false;
        }
    }
}
