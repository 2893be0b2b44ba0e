package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A NIC's back-end, which rests - uses no processor time - except between {@link #ready} and {@link
 * #rest}: both contestants share a processor.
 */
interface NetBackEnd extends AutoCloseable {
    /** What the tables call it. */
    String title();

    /** Gets ready for one kind of traffic; returns the socket on which it then listens. */
    Path ready(NetCase traffic) throws IOException;

    /** Ends what {@link #ready} began; front-ends have hung up. */
    void rest(NetCase traffic) throws IOException;

    /** The process that serves this kind of traffic; it was ready for it before. */
    long pid(NetCase traffic) throws IOException;

    @Override
    void close() throws IOException;
}
