package dev.ringside.server.process;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.blk.limit.LimitGroup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One thing that is served: a disk, a NIC or an uplink. It can come and go while others run. */
interface Part extends Served {
    /** What it was asked to be: two parts whose options equal are alike. */
    Record options();

    /** How messages name it. */
    String title();

    @Override
    default List<Part> parts() {
        return List.of(this);
    }

    /** Whether it can become what other options say, and its front-end does not notice. */
    default boolean adapts(Record other) {
        return false;
    }

    /** Becomes what options say that it {@link #adapts} to. */
    default void adapt(Record other) {
        throw new IllegalArgumentException(other.toString());
    }

    /** Its name in metrics and messages; other things have one of their own. */
    String name();

    /**
     * Gives it another size, which its driver sees at once.
     *
     * @param bytes null: look at what somebody else has made of it
     * @param shrink whether it may become smaller
     * @return its size now
     * @throws OperatorException when that cannot be; nothing was changed then
     */
    default long resize(Engine engine, @Nullable Long bytes, boolean shrink)
            throws OperatorException, InterruptedException {
        throw new OperatorException(title() + " is no disk: it has no size");
    }

    /** What it may do in a second, for a change. */
    default LimitGroup limits() throws OperatorException {
        throw new OperatorException(title() + " is neither a disk nor a limit group");
    }

    /** Pulls its plug, or puts it in again. */
    default void setLink(boolean up) throws OperatorException {
        throw new OperatorException(title() + " is no NIC: it has no link");
    }

    /** Whether nobody has pulled its plug. */
    default boolean plugged() {
        return true;
    }

    /**
     * Begins to write down what passes.
     *
     * @param file a new file, or a pipe; null: what it was asked to be says
     * @param snaplen most bytes of each frame; null: likewise, or all
     * @return where it is written
     */
    default String startCapture(@Nullable String file, @Nullable Integer snaplen)
            throws OperatorException {
        throw new OperatorException(title() + " is no NIC: there are no frames to capture");
    }

    /** Ends that; how much was written, for people. */
    default String stopCapture() throws OperatorException, InterruptedException {
        throw new OperatorException(title() + " is no NIC: there are no frames to capture");
    }

    /** It was attached to a process that serves already. */
    default void begun() throws OperatorException {}

    /**
     * Takes it from the engine: what its guest has asked for is answered, and the front-end is hung
     * up on.
     *
     * @return false when host I/O did not end in time: then it must not be closed
     */
    boolean detach(Engine engine) throws InterruptedException;
}
