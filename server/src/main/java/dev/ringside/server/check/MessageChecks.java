package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Messages as no front-end should send them. A session may end by them, and nothing else. */
final class MessageChecks {
    private static final int UNKNOWN = 200;
    private static final int FAR_RING = 0xfffe;
    private static final int MANY_FDS = 32;
    private static final String HEADER = "vhost-user, Header";
    private static final String REPLY_ACK = "vhost-user, REPLY_ACK";
    private static final String RINGS = "vhost-user, Ring states";
    private static final byte[] NOTHING = {};

    private MessageChecks() {}

    static Group group() {
        Group group = Group.of("messages");
        addStream(group);
        addPayloads(group);
        return group;
    }

    /** Messages as the bytes of a stream. */
    private static void addStream(Group group) {
        group.should(
                        "in-pieces",
                        HEADER,
                        "a message that comes byte by byte is taken as one",
                        MessageChecks::inPieces)
                .must(
                        "together",
                        HEADER,
                        "messages that come at once are taken one after the other",
                        MessageChecks::together)
                .must(
                        "unknown",
                        REPLY_ACK,
                        "an unknown message fails, and the session goes on",
                        MessageChecks::unknown)
                .should(
                        "version",
                        HEADER,
                        "a message of version 2 is not taken",
                        target ->
                                refused(
                                        target,
                                        "version 2",
                                        header(VhostUserSpec.SET_OWNER, 2, 0),
                                        NOTHING))
                .should(
                        "reply-from-front-end",
                        HEADER,
                        "a reply to nothing is not taken",
                        target ->
                                refused(
                                        target,
                                        "a reply",
                                        header(VhostUserSpec.SET_OWNER, 0xd, 0),
                                        NOTHING))
                .must(
                        "huge",
                        HEADER,
                        "a message that claims 4 GiB is not waited for",
                        target ->
                                refused(
                                        target,
                                        "a payload of 0xffffffff",
                                        header(VhostUserSpec.SET_FEATURES, 9, -1),
                                        new byte[64]));
    }

    /** What is in them. */
    private static void addPayloads(Group group) {
        group.should(
                        "short-payload",
                        HEADER,
                        "SET_FEATURES with 4 bytes is not taken",
                        target -> refused(target, VhostUserSpec.SET_FEATURES, new byte[4]))
                .should(
                        "long-payload",
                        HEADER,
                        "SET_FEATURES with 64 bytes is not taken",
                        target -> refused(target, VhostUserSpec.SET_FEATURES, new byte[64]))
                .should(
                        "no-payload",
                        HEADER,
                        "SET_VRING_NUM without payload is not taken",
                        target -> refused(target, VhostUserSpec.SET_VRING_NUM, NOTHING))
                .must(
                        "ring-index",
                        RINGS,
                        "a ring that does not exist is refused",
                        MessageChecks::ringIndex)
                .should(
                        "ring-size",
                        "virtio 2.7",
                        "a split ring of 0, 3 or 65536 entries is refused",
                        MessageChecks::ringSize)
                .should(
                        "kick-without-fd",
                        RINGS,
                        "SET_VRING_KICK without a descriptor and without the bit for it is refused",
                        target ->
                                refused(target, VhostUserSpec.SET_VRING_KICK, Session.payload(0L)))
                .must(
                        "descriptors-unasked",
                        "vhost-user, Communication",
                        "descriptors that a message does not take do no harm",
                        MessageChecks::descriptorsUnasked)
                .must(
                        "cut-short",
                        "vhost-user, Communication",
                        "a front-end may leave in the middle of a message",
                        MessageChecks::cutShort)
                .must(
                        "every-number",
                        HEADER,
                        "each message number from 0 to 63 without payload ends its session at most",
                        MessageChecks::everyNumber);
    }

    private static byte[] header(int request, int flags, int size) {
        return Session.payload(request, flags, size);
    }

    private static byte[] joined(byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    private static void refused(Target target, int request, byte[] payload)
            throws IOException, UnmetException, InapplicableException {
        try (Session session = target.session()) {
            session.expectRefusal("message " + request, session.send(request, payload));
        }
    }

    private static void refused(Target target, String what, byte[] header, byte[] payload)
            throws IOException, UnmetException, InapplicableException {
        try (Session session = target.session()) {
            if (!session.acknowledges()) {
                throw new InapplicableException("without REPLY_ACK nothing is refused");
            }
            session.expectRefusal(what, session.sendRaw(joined(header, payload)));
        }
    }

    private static void inPieces(Target target) throws IOException {
        try (FrontendProtocol protocol = target.connect()) {
            FrontendConnection connection = protocol.connection();
            byte[] message = header(VhostUserSpec.GET_FEATURES, VhostUserSpec.VERSION, 0);
            for (byte piece : message) {
                connection.sendRaw(new byte[] {piece}, List.of());
            }
            connection.receive().closeFds();
            protocol.getFeatures();
        }
    }

    private static void together(Target target) throws IOException, UnmetException {
        try (FrontendProtocol protocol = target.connect()) {
            FrontendConnection connection = protocol.connection();
            byte[] owner = header(VhostUserSpec.SET_OWNER, VhostUserSpec.VERSION, 0);
            byte[] ask = header(VhostUserSpec.GET_FEATURES, VhostUserSpec.VERSION, 0);
            connection.sendRaw(joined(owner, ask, ask), List.of());
            for (int i = 0; i < 2; i++) {
                int request = connection.receive().request();
                unless(
                        request == VhostUserSpec.GET_FEATURES,
                        "answer %d is to message %d",
                        i,
                        request);
            }
        }
    }

    private static void unknown(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Session session = target.session()) {
            Reaction reaction = session.send(UNKNOWN, NOTHING);
            unless(reaction != Reaction.HUNG_UP, "it %s", reaction);
            session.expectRefusal("message " + UNKNOWN, reaction);
            session.protocol().getFeatures();
        }
    }

    private static void ringIndex(Target target)
            throws IOException, UnmetException, InapplicableException {
        for (int index : new int[] {FAR_RING, 1 << 16, -1}) {
            try (Session session = target.session()) {
                session.expectRefusal(
                        "SET_VRING_NUM of ring " + Integer.toUnsignedString(index),
                        session.send(VhostUserSpec.SET_VRING_NUM, Session.payload(index, 128)));
            }
        }
    }

    private static void ringSize(Target target)
            throws IOException, UnmetException, InapplicableException {
        for (int size : new int[] {0, 3, 1 << 16}) {
            try (Session session = target.session()) {
                session.expectRefusal(
                        "SET_VRING_NUM of " + size,
                        session.send(VhostUserSpec.SET_VRING_NUM, Session.payload(0, size)));
            }
        }
    }

    private static void descriptorsUnasked(Target target) throws IOException, UnmetException {
        for (int count : new int[] {1, MANY_FDS}) {
            List<EventFd> events = new ArrayList<>();
            try (Session session = target.session()) {
                for (int i = 0; i < count; i++) {
                    events.add(EventFd.create());
                }
                Fd[] fds = events.stream().map(EventFd::fd).toArray(Fd[]::new);
                Reaction reaction = session.send(VhostUserSpec.SET_OWNER, NOTHING, fds);
                unless(
                        reaction != Reaction.SILENT,
                        "SET_OWNER with %d descriptors: it %s",
                        count,
                        reaction);
            } finally {
                events.forEach(EventFd::close);
            }
        }
        target.expectAnswer("afterwards");
    }

    private static void cutShort(Target target) throws IOException, UnmetException {
        byte[] whole =
                joined(header(VhostUserSpec.SET_FEATURES, 1, Long.BYTES), Session.payload(0L));
        for (int length : new int[] {1, VhostUserSpec.HEADER_BYTES, whole.length - 1}) {
            try (FrontendProtocol protocol = target.connect()) {
                protocol.connection().sendRaw(Arrays.copyOf(whole, length), List.of());
            }
        }
        target.expectAnswer("afterwards");
    }

    private static void everyNumber(Target target) throws IOException, UnmetException {
        for (int request = 0; request < Long.SIZE; request++) {
            try (Session session = target.session()) {
                Reaction reaction = session.send(request, NOTHING);
                unless(reaction != Reaction.SILENT, "message %d: it %s", request, reaction);
            } catch (EOFException e) {
                throw new UnmetException("after message " + (request - 1) + " it hung up");
            }
        }
        target.expectAnswer("afterwards");
    }
}
