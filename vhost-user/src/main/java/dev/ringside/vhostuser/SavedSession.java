package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import dev.ringside.shm.FdKeeper;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that a parked {@link VhostUserSession} knows, so that another one goes on where it is: in
 * this process or in another, to which the descriptors are passed. The device's own state and the
 * sockets are not part of it.
 *
 * @param features the device's negotiated features
 * @param protocolFeatures what SET_PROTOCOL_FEATURES took
 * @param protocolFeaturesTaken whether VHOST_USER_F_PROTOCOL_FEATURES was negotiated
 * @param status the device status
 * @param configRead whether the front-end has read the configuration of this back-end
 * @param regions the memory table
 * @param rings the rings of which anything is known
 * @param inflight the in-flight region; null: none
 * @param logging the dirty log
 * @param channel the channel for back-end requests
 * @param messageHex the bytes of a message that has begun to arrive, from its first one on
 * @param messageFds the descriptors that came with it
 */
public record SavedSession(
        long features,
        long protocolFeatures,
        boolean protocolFeaturesTaken,
        int status,
        boolean configRead,
        List<SavedRegion> regions,
        List<SavedRing> rings,
        @Nullable SavedInflight inflight,
        SavedLogging logging,
        SavedChannel channel,
        String messageHex,
        List<Fd> messageFds)
        implements AutoCloseable {
    /** Keeps lists of its own. */
    public SavedSession {
        regions = List.copyOf(regions);
        rings = List.copyOf(rings);
        messageFds = List.copyOf(messageFds);
    }

    /** Closes every descriptor: of what nobody goes on with. */
    @Override
    public void close() {
        fds().forEach(Fd::close);
    }

    /** Has somebody close them who may be kept waiting by the front-end. Once, and first of all. */
    public void keptBy(FdKeeper keeper) {
        fds().forEach(fd -> fd.keptBy(keeper));
    }

    private Stream<Fd> fds() {
        Stream<@Nullable Fd> single =
                Stream.concat(
                        Stream.of(
                                inflight == null ? null : inflight.file(),
                                logging.log() == null ? null : logging.log().file(),
                                logging.changed()),
                        rings.stream()
                                .flatMap(ring -> Stream.of(ring.kick(), ring.call(), ring.err())));
        Stream<Fd> several =
                Stream.concat(regions.stream().map(SavedRegion::file), messageFds.stream());
        return Stream.concat(single.filter(Objects::nonNull), several);
    }
}
