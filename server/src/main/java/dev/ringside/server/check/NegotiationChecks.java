package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.FrontendMessage;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;

/** What a back-end offers, and how it answers before there are rings. */
final class NegotiationChecks {
    private static final int REPLY_FLAGS = VhostUserSpec.VERSION | VhostUserSpec.REPLY;

    /** Protocol features 0 to 22 have names in the newest text. */
    private static final int NAMED_PROTOCOL_FEATURES = 23;

    private static final int BACKEND_SEND_FD = VhostUserSpec.PROTOCOL_F_BACKEND_SEND_FD;
    private static final int GET_VRING_BASE_INFLIGHT = 20;
    private static final int CONNECTIONS = 20;
    private static final String FEATURES = "vhost-user, Protocol features";

    private NegotiationChecks() {}

    static Group group() {
        Group group = Group.of("negotiation");
        addOffers(group);
        addAnswers(group);
        addConnections(group);
        return group;
    }

    /** What is offered. */
    private static void addOffers(Group group) {
        group.must(
                        "reply-flags",
                        "vhost-user, Header",
                        "a reply has the request's number and the flags 0x5, and 8 bytes",
                        NegotiationChecks::replyFlags)
                .must(
                        "before-owner",
                        "vhost-user, Front-end message types",
                        "GET_FEATURES and GET_PROTOCOL_FEATURES are answered before SET_OWNER, as"
                                + " QEMU sends them",
                        NegotiationChecks::beforeOwner)
                .must(
                        "stable",
                        "virtio 2.2",
                        "what is offered does not change from one question to the next",
                        NegotiationChecks::stable)
                .must(
                        "version-1",
                        "virtio 6.1",
                        "VIRTIO_F_VERSION_1 is offered",
                        target -> unless(target.offers(VirtioSpec.F_VERSION_1), "it is not"))
                .should(
                        "reply-ack",
                        FEATURES,
                        "REPLY_ACK is offered: without it a front-end cannot know what failed",
                        target ->
                                unless(
                                        target.offersProtocol(VhostUserSpec.PROTOCOL_F_REPLY_ACK),
                                        "it is not"))
                .must(
                        "dependencies",
                        FEATURES,
                        "BACKEND_SEND_FD comes with BACKEND_REQ, GET_VRING_BASE_INFLIGHT with"
                                + " INFLIGHT_SHMFD",
                        NegotiationChecks::dependencies)
                .should(
                        "known-bits",
                        FEATURES,
                        "no protocol feature is offered that has no name",
                        NegotiationChecks::knownBits);
    }

    /** What is answered, and when. */
    private static void addAnswers(Group group) {
        group.must(
                        "queue-num",
                        "vhost-user, GET_QUEUE_NUM",
                        "with MQ there is at least one queue",
                        NegotiationChecks::queueNum)
                .must(
                        "memory-slots",
                        "vhost-user, GET_MAX_MEM_SLOTS",
                        "with CONFIGURE_MEM_SLOTS there is at least one slot",
                        NegotiationChecks::memorySlots)
                .must(
                        "acknowledges",
                        "vhost-user, REPLY_ACK",
                        "a message with need_reply is acknowledged with 0 when it succeeded",
                        NegotiationChecks::acknowledges)
                .must(
                        "answers-once",
                        "vhost-user, REPLY_ACK",
                        "a message that has a reply of its own is answered once, with need_reply"
                                + " too",
                        NegotiationChecks::answersOnce)
                .should(
                        "silent",
                        "vhost-user, REPLY_ACK",
                        "need_reply is ignored before REPLY_ACK was negotiated",
                        NegotiationChecks::silent)
                .should(
                        "unoffered",
                        "virtio 2.2.2",
                        "features that were not offered are refused",
                        NegotiationChecks::unoffered);
    }

    /** What lasts. */
    private static void addConnections(Group group) {
        group.must(
                        "owner-twice",
                        "vhost-user, RESET_OWNER",
                        "RESET_OWNER does not end the session",
                        NegotiationChecks::resetOwner)
                .must(
                        "status",
                        "vhost-user, SET_STATUS",
                        "with STATUS the device status is what the front-end set",
                        NegotiationChecks::status)
                .must(
                        "connections",
                        "vhost-user, Communication",
                        CONNECTIONS + " connections that look and leave do no harm",
                        NegotiationChecks::connections)
                .must(
                        "leaves-midway",
                        "vhost-user, Communication",
                        "a front-end may leave after each step of the negotiation",
                        NegotiationChecks::leavesMidway);
    }

    private static void replyFlags(Target target) throws IOException, UnmetException {
        try (FrontendProtocol protocol = target.connect()) {
            FrontendMessage reply =
                    protocol.connection().call(VhostUserSpec.GET_FEATURES, 0, new byte[0]);
            reply.closeFds();
            unless(reply.flags() == REPLY_FLAGS, "the flags are 0x%x", reply.flags());
            int bytes = reply.payload().length;
            unless(bytes == Long.BYTES, "the payload has %d bytes", bytes);
        }
    }

    private static void beforeOwner(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needs(VhostUserSpec.F_PROTOCOL_FEATURES, "PROTOCOL_FEATURES");
        try (FrontendProtocol protocol = target.connect()) {
            protocol.getFeatures();
            protocol.getProtocolFeatures();
            protocol.setOwner();
            protocol.getFeatures();
        }
    }

    private static void stable(Target target) throws IOException, UnmetException {
        try (Session session = target.session()) {
            for (int i = 0; i < 2; i++) {
                long features = session.protocol().getFeatures();
                unless(
                        features == target.features(),
                        "features 0x%x became 0x%x",
                        target.features(),
                        features);
            }
        }
    }

    private static void dependencies(Target target) throws UnmetException {
        unless(
                !target.offersProtocol(BACKEND_SEND_FD)
                        || target.offersProtocol(VhostUserSpec.PROTOCOL_F_BACKEND_REQ),
                "BACKEND_SEND_FD is offered without BACKEND_REQ");
        unless(
                !target.offersProtocol(GET_VRING_BASE_INFLIGHT)
                        || target.offersProtocol(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD),
                "GET_VRING_BASE_INFLIGHT is offered without INFLIGHT_SHMFD");
    }

    private static void knownBits(Target target) throws UnmetException {
        long unknown = target.protocolFeatures() >>> NAMED_PROTOCOL_FEATURES;
        unless(
                unknown == 0,
                "0x%x are offered, of which 0x%x have no name",
                target.protocolFeatures(),
                unknown << NAMED_PROTOCOL_FEATURES);
    }

    private static void queueNum(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_MQ, "MQ");
        try (Session session = target.session()) {
            unless(session.protocol().getQueueNum() > 0, "there are 0");
        }
    }

    private static void memorySlots(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS");
        try (Session session = target.session()) {
            unless(session.protocol().getMaxMemSlots() > 0, "there are 0");
        }
    }

    private static void acknowledges(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_REPLY_ACK, "REPLY_ACK");
        try (Session session = target.session()) {
            long features = target.features() & VhostUserSpec.bit(VirtioSpec.F_VERSION_1);
            expectAccepted("SET_OWNER", session.send(VhostUserSpec.SET_OWNER, new byte[0]));
            expectAccepted(
                    "SET_FEATURES",
                    session.send(VhostUserSpec.SET_FEATURES, Session.payload(features)));
            expectAccepted(
                    "SET_VRING_NUM", session.send(VhostUserSpec.SET_VRING_NUM, ring(0, 128)));
        }
    }

    private static byte[] ring(int index, int value) {
        return Session.payload(index, value);
    }

    private static void expectAccepted(String message, Reaction reaction) throws UnmetException {
        unless(reaction == Reaction.ACCEPTED, "%s: it %s", message, reaction);
    }

    private static void answersOnce(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_REPLY_ACK, "REPLY_ACK");
        try (Session session = target.session()) {
            FrontendProtocol protocol = session.protocol();
            protocol.needReply(true);
            protocol.getFeatures();
            // Were there a second answer, this question would meet it.
            protocol.getProtocolFeatures();
            protocol.getFeatures();
        }
    }

    private static void silent(Target target) throws IOException {
        try (FrontendProtocol protocol = target.connect()) {
            protocol.connection()
                    .send(VhostUserSpec.SET_OWNER, VhostUserSpec.NEED_REPLY, new byte[0]);
            protocol.getFeatures();
        }
    }

    private static void unoffered(Target target)
            throws IOException, InapplicableException, UnmetException {
        long absent = ~target.features() & ~VhostUserSpec.bit(VhostUserSpec.F_LOG_ALL);
        try (Session session = target.session()) {
            long one = Long.highestOneBit(absent & Long.MAX_VALUE);
            byte[] payload = Session.payload(target.features() | one);
            session.expectRefusal(
                    "SET_FEATURES with bit " + Long.numberOfTrailingZeros(one),
                    session.send(VhostUserSpec.SET_FEATURES, payload));
        }
    }

    private static void resetOwner(Target target) throws IOException, UnmetException {
        try (Session session = target.session()) {
            Reaction reaction = session.send(VhostUserSpec.RESET_OWNER, new byte[0]);
            unless(
                    reaction == Reaction.ACCEPTED || reaction == Reaction.REFUSED,
                    "it %s",
                    reaction);
            session.protocol().setOwner();
            session.protocol().getFeatures();
        }
    }

    private static void status(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_STATUS, "STATUS");
        try (Session session = target.session()) {
            int wanted = VirtioSpec.STATUS_ACKNOWLEDGE | VirtioSpec.STATUS_DRIVER;
            session.protocol().setStatus(wanted);
            int got = session.protocol().getStatus();
            unless(got == wanted, "%d was set, %d is read", wanted, got);
            session.protocol().setStatus(0);
        }
    }

    private static void connections(Target target) throws UnmetException {
        for (int i = 0; i < CONNECTIONS; i++) {
            target.expectAnswer("at connection " + (i + 1));
        }
    }

    private static void leavesMidway(Target target) throws IOException, UnmetException {
        target.connect().close();
        try (FrontendProtocol protocol = target.connect()) {
            // Asks, and does not wait for the answer.
            protocol.connection().send(VhostUserSpec.GET_FEATURES, 0, new byte[0]);
        }
        target.session().close();
        try (Session session = target.session()) {
            session.send(VhostUserSpec.SET_FEATURES, Session.payload(target.features()));
        }
        target.expectAnswer("afterwards");
    }
}
