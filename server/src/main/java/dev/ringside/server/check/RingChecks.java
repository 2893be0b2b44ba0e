package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.util.Locale;

/** Rings as honest drivers use them, and the messages that start and stop them. */
final class RingChecks {
    private static final String START = "vhost-user, Starting and stopping rings";
    private static final String QUIET = "virtio 2.7.7, 2.8.10";
    private static final int SMALL = 4;
    private static final int LARGE = 1024;
    private static final int LARGEST = 32_768;
    private static final int BEFORE_WRAP = 65_530;
    private static final int REQUESTS = 40;
    private static final int ROUNDS = 20;

    private RingChecks() {}

    static Group group() {
        Group group = Group.of("rings");
        addStarts(group);
        addSizes(group);
        addNotifications(group);
        addStops(group);
        return group;
    }

    /** As each front-end starts a device. */
    private static void addStarts(Group group) {
        for (StartOrder order : StartOrder.values()) {
            String name = order.name().toLowerCase(Locale.ROOT).replace('_', '-');
            group.must(
                    "starts-as-" + name,
                    START,
                    "a device starts and serves by the messages of " + name + " in their order",
                    target -> serves(target, Setup.PLAIN.order(order), SMALL));
        }
    }

    /** Sizes, layouts, features. */
    private static void addSizes(Group group) {
        group.must(
                        "full",
                        "virtio 2.7.13",
                        "as many requests as the ring has room for, at once, each come back once",
                        RingChecks::full)
                .must(
                        "small",
                        "virtio 2.7",
                        "a ring of 4 entries works",
                        target -> serves(target, Setup.PLAIN.queueSize(SMALL), 1))
                .must(
                        "large",
                        "virtio 2.7",
                        "a ring of 1024 entries works",
                        target -> serves(target, Setup.PLAIN.queueSize(LARGE), REQUESTS))
                .should(
                        "largest",
                        "virtio 2.7",
                        "a ring of 32768 entries works",
                        target -> serves(target, Setup.PLAIN.queueSize(LARGEST), REQUESTS))
                .must(
                        "index-wraps",
                        "virtio 2.7.13.3",
                        "a ring goes on from index 65530 and over 65535 to 0",
                        RingChecks::indexWraps)
                .must(
                        "no-event-idx",
                        QUIET,
                        "it works without EVENT_IDX",
                        target -> serves(target, Setup.PLAIN.withoutEventIdx(), REQUESTS))
                .must(
                        "indirect",
                        "virtio 2.7.5.3",
                        "requests in indirect tables are served",
                        target -> serves(target, Setup.PLAIN.withIndirect(), REQUESTS))
                .must(
                        "packed",
                        "virtio 2.8",
                        "a packed ring works, over its end too",
                        target -> serves(target, Setup.PLAIN.withPacked(), REQUESTS))
                .must(
                        "packed-small",
                        "virtio 2.8",
                        "a packed ring of 5 entries works: any size is legal",
                        target -> serves(target, Setup.PLAIN.withPacked().queueSize(5), 1))
                .must(
                        "packed-indirect",
                        "virtio 2.8.7",
                        "a packed ring takes indirect tables",
                        target -> serves(target, Setup.PLAIN.withPacked().withIndirect(), REQUESTS))
                .must(
                        "in-order",
                        "virtio 2.7.9",
                        "with IN_ORDER requests come back in the order in which they were offered",
                        RingChecks::inOrder);
    }

    /** Kicks and calls. */
    private static void addNotifications(Group group) {
        group.must(
                        "available-before-start",
                        START,
                        "what was made available before the ring started is served without a kick",
                        RingChecks::availableBeforeStart)
                .must(
                        "no-call-fd",
                        "vhost-user, SET_VRING_CALL",
                        "a ring without a call eventfd is served: the driver polls",
                        RingChecks::noCallFd)
                .should(
                        "no-kick-fd",
                        "vhost-user, SET_VRING_KICK",
                        "a ring without a kick eventfd is polled",
                        RingChecks::noKickFd)
                .must(
                        "other-call-fd",
                        "vhost-user, SET_VRING_CALL",
                        "a call eventfd that is set while the ring runs gets the next call",
                        RingChecks::otherCallFd)
                .must(
                        "calls-when-wanted",
                        QUIET,
                        "with EVENT_IDX a driver that asks for a call gets one",
                        RingChecks::callsWhenWanted)
                .should(
                        "no-calls-unwanted",
                        QUIET,
                        "with EVENT_IDX a driver that polls gets no calls",
                        RingChecks::noCallsUnwanted);
    }

    /** Stop, and go on. */
    private static void addStops(Group group) {
        group.must(
                        "base",
                        "vhost-user, GET_VRING_BASE",
                        "a ring that stops tells the index of the request it would take next",
                        RingChecks::base)
                .must(
                        "stops",
                        START,
                        "a ring that was stopped by GET_VRING_BASE is left alone, kicked or not",
                        RingChecks::stops)
                .must(
                        "goes-on",
                        START,
                        "a ring that was stopped goes on from its base, again and again",
                        RingChecks::goesOn)
                .must(
                        "completes-before-stop",
                        "vhost-user, GET_VRING_BASE",
                        "requests under way are complete when GET_VRING_BASE is answered",
                        RingChecks::completesBeforeStop)
                .must(
                        "enable-off-and-on",
                        "vhost-user, SET_VRING_ENABLE",
                        "a ring that was disabled and enabled again goes on",
                        RingChecks::enableOffAndOn)
                .must(
                        "reset-device",
                        "vhost-user, RESET_DEVICE",
                        "after RESET_DEVICE the device starts anew on the same connection",
                        RingChecks::resetDevice)
                .must(
                        "hang-up-and-return",
                        START,
                        "a front-end that hangs up with a running ring finds the device again",
                        RingChecks::hangUpAndReturn);
    }

    private static void serves(Target target, Setup setup, int count)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(setup)) {
            for (int i = 0; i < ROUNDS; i++) {
                rig.serve(Math.min(count, rig.slots()));
            }
        }
    }

    private static void full(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.serve(rig.slots());
            rig.serve(rig.slots());
        }
    }

    private static void indexWraps(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.stopAndEmpty();
            rig.startAt(BEFORE_WRAP);
            rig.serve(Math.min(REQUESTS, rig.slots()));
            int index = rig.queue().ring().usedIndex();
            int wanted = BEFORE_WRAP + Math.min(REQUESTS, rig.slots()) & 0xffff;
            unless(index == wanted, "the used index is %d, not %d", index, wanted);
        }
    }

    private static void inOrder(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN.withInOrder())) {
            DriverQueue queue = rig.queue();
            rig.offerAndKick(rig.slots());
            int next = 0;
            while (next < rig.slots()) {
                unless(queue.awaitUsed(rig.timeoutNs()), "request %d is lost", next);
                // One used entry may stand for all before it.
                int slot = rig.takeOne();
                unless(slot >= next, "request %d came after request %d", slot, next - 1);
                next = slot + 1;
            }
        }
    }

    private static void availableBeforeStart(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.stopAndEmpty();
            rig.offer(0);
            rig.queue().publish();
            rig.driver().activate();
            rig.collect(1);
        }
    }

    private static void noCallFd(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.protocol().setVringCall(rig.queueIndex(), null);
            rig.offerAndKick(1);
            long deadline = System.nanoTime() + rig.timeoutNs();
            while (rig.queue().usedCount() == 0) {
                unless(System.nanoTime() < deadline, "the request did not come back");
                Thread.onSpinWait();
            }
            rig.takeOne();
        }
    }

    private static void noKickFd(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.protocol().setVringKick(rig.queueIndex(), null);
            rig.offer(0);
            rig.queue().publish();
            rig.collect(1);
        }
    }

    private static void otherCallFd(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN);
                EventFd other = EventFd.create()) {
            rig.serve(1);
            rig.protocol().setVringCall(rig.queueIndex(), other);
            rig.protocol().getFeatures();
            rig.queue().requestCalls();
            rig.offerAndKick(1);
            rig.expectCall(other);
        }
    }

    private static void callsWhenWanted(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            DriverQueue queue = rig.queue();
            for (int i = 0; i < ROUNDS; i++) {
                queue.requestCalls();
                queue.drainCalls();
                rig.offerAndKick(1);
                unless(
                        queue.awaitCall(rig.timeoutNs()) || queue.usedCount() > 0,
                        "request %d: no call came",
                        i);
                rig.collect(1);
            }
            unless(queue.calls() > 0, "no call came for %d requests", ROUNDS);
        }
    }

    private static void noCallsUnwanted(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            DriverQueue queue = rig.queue();
            rig.serve(1);
            queue.suppressCalls();
            queue.drainCalls();
            rig.offerAndKick(SMALL);
            unless(!queue.awaitCall(Rig.STILL_NS), "it called");
            rig.collect(SMALL);
        }
    }

    private static void base(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.serve(SMALL);
            int base = rig.protocol().getVringBase(rig.queueIndex());
            unless(base == SMALL, "after %d requests it is %d", SMALL, base);
        }
    }

    private static void stops(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.serve(1);
            rig.driver().stop();
            rig.offer(0);
            rig.queue().publish();
            rig.queue().kick();
            rig.expectNothing("after GET_VRING_BASE");
        }
    }

    private static void goesOn(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            for (int i = 0; i < ROUNDS; i++) {
                rig.serve(Math.min(REQUESTS, rig.slots()));
                rig.driver().stop();
                rig.driver().activate();
            }
            rig.serve(1);
        }
    }

    private static void completesBeforeStop(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            for (int i = 0; i < ROUNDS; i++) {
                int count = rig.slots();
                rig.offerAndKick(count);
                int base = rig.driver().stop().get(rig.queueIndex());
                int used = rig.queue().ring().usedIndex();
                unless(base == used, "it took %d requests and gave %d back", base, used);
                int back = rig.queue().usedCount();
                rig.collect(back);
                rig.driver().activate();
                // What it had not taken is there still.
                rig.collect(count - back);
            }
        }
    }

    private static void enableOffAndOn(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needs(VhostUserSpec.F_PROTOCOL_FEATURES, "PROTOCOL_FEATURES");
        try (Rig rig = target.start(Setup.PLAIN)) {
            for (int i = 0; i < ROUNDS; i++) {
                rig.serve(1);
                rig.protocol().setVringEnable(rig.queueIndex(), false);
                rig.protocol().getFeatures();
                rig.protocol().setVringEnable(rig.queueIndex(), true);
            }
            rig.serve(1);
        }
    }

    private static void resetDevice(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_RESET_DEVICE, "RESET_DEVICE");
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.serve(SMALL);
            FrontendProtocol protocol = rig.protocol();
            protocol.resetDevice();
            protocol.getFeatures();
            rig.forget();
            rig.driver().activate();
            rig.serve(SMALL);
        }
    }

    private static void hangUpAndReturn(Target target)
            throws IOException, UnmetException, InapplicableException {
        for (int i = 0; i < SMALL; i++) {
            try (Rig rig = target.start(Setup.PLAIN)) {
                rig.serve(1);
                rig.offerAndKick(rig.slots());
            }
        }
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.serve(rig.slots());
        }
    }
}
