package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import org.jspecify.annotations.Nullable;

/**
 * Postcopy migration, at its target (vhost-user.rst, Migration): the virtual machine runs before
 * all of its memory has come. From POSTCOPY_LISTEN to POSTCOPY_END no ring is started and no byte
 * of guest memory is touched: so no page can be missing, and no thread waits for one.
 */
final class Postcopy {
    private static final byte[] NOTHING = new byte[0];
    private static final long DONE = 0;
    private static final long NS_PER_MS = 1_000_000;

    private final MemoryTable memory;
    private final Vrings vrings;
    private final Negotiation negotiation;
    private final SessionHost host;
    private final HostCalls calls;
    private boolean advised;
    private long listeningSinceNs;

    Postcopy(
            MemoryTable memory,
            Vrings vrings,
            Negotiation negotiation,
            SessionHost host,
            HostCalls calls) {
        this.memory = memory;
        this.vrings = vrings;
        this.negotiation = negotiation;
        this.host = host;
        this.calls = calls;
    }

    private boolean unoffered(FrontendMessage message, Answer answer) {
        boolean unoffered = !negotiation.has(VhostUserSpec.PROTOCOL_F_PAGEFAULT);
        if (unoffered) {
            UnofferedRequests.answer(message, answer);
        }
        return unoffered;
    }

    /** Whether the memory is on its way, or may still be sent so. */
    boolean underWay() {
        return advised;
    }

    /** A ring runs: all of the memory came by precopy, of whose end no message tells. */
    void ringStarted() {
        advised = false;
    }

    /** POSTCOPY_ADVISE: a migration begins that may end so; the answer is a userfaultfd. */
    void advise(FrontendMessage message, Answer answer) {
        if (unoffered(message, answer)) {
            return;
        }
        host.makeFaultFd(calls.<@Nullable Fd>taking(fd -> advised(message, answer, fd)));
    }

    private void advised(FrontendMessage message, Answer answer, @Nullable Fd fd) {
        if (fd == null) {
            answer.refuse(message.name() + ": no userfaultfd could be made", NOTHING);
        } else {
            advised = true;
            answer.reply(NOTHING, fd);
        }
    }

    /** POSTCOPY_LISTEN: from now on memory is filled by the front-end alone. */
    void listen(FrontendMessage message, Answer answer) throws ProtocolException {
        if (unoffered(message, answer)) {
            return;
        }
        if (!advised || vrings.anyStarted()) {
            throw new ProtocolException(
                    message.name()
                            + (advised
                                    ? ": stop every ring before"
                                    : ": POSTCOPY_ADVISE goes before"));
        }
        if (!memory.isWithheld()) {
            listeningSinceNs = System.nanoTime();
            host.warn("its memory comes by postcopy: its queues wait until all of it is there");
        }
        memory.withhold();
        answer.done();
    }

    /** POSTCOPY_END: all of the memory has come. */
    void end(FrontendMessage message, Answer answer) {
        if (!unoffered(message, answer)) {
            advised = false;
            if (memory.isWithheld()) {
                long tookMs = (System.nanoTime() - listeningSinceNs) / NS_PER_MS;
                host.warn("all of its memory has come, in " + tookMs + " ms: its queues go on");
            }
            memory.release(message, vrings, () -> answer.reply(Replies.u64(DONE)));
        }
    }

    /** SET_MEM_TABLE and ADD_MEM_REG. */
    void memory(FrontendMessage message, Answer answer) throws ProtocolException {
        if (memory.isAcknowledgement(message)) {
            // Its handler for our faults is in place, of which there are none.
            answer.done();
        } else if (message.request() == FrontendRequest.ADD_MEM_REG) {
            memory.add(message, vrings, answer);
        } else {
            memory.set(message, vrings, answer);
        }
    }
}
