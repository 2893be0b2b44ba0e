package dev.ringside.vhostuser;

import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.device.VirtioDevice;

/**
 * What the driver chose in the configuration space, and front-ends tell no back-end again. It is
 * noted in the in-flight region, which outlives this process; a device that finds no note there
 * decides by whether the front-end has learned the configuration from this process.
 */
final class DriverChoices implements AutoCloseable {
    private static final int UNKNOWN = 0;

    private final VirtioDevice device;
    private final SessionHost host;
    private final InflightTable inflight;
    private boolean configRead;
    private boolean choosing;

    DriverChoices(VirtioDevice device, SessionHost host, InflightTable inflight) {
        this.device = device;
        this.host = host;
        this.inflight = inflight;
        inflight.onRegion(this::meet);
    }

    /** The front-end has read the configuration: its driver knows what this process says. */
    void configRead() {
        configRead = true;
    }

    boolean wasConfigRead() {
        return configRead;
    }

    void restore(boolean wasRead) {
        configRead = wasRead;
    }

    /** The driver is about to choose. Whoever dies before it is told so leaves it unknown. */
    void choosing() {
        choosing = true;
        note(UNKNOWN);
    }

    /** The front-end was told. */
    void chosen() {
        choosing = false;
        note(device.choices());
    }

    /** A ring is about to run. */
    void decide() {
        String news = device.decide(configRead);
        if (!news.isEmpty()) {
            host.warn(news);
        }
        chosen();
    }

    /** There is another region. What this process knows is newer than what was noted there. */
    private void meet(InflightRegion region) {
        if (device.choices() == UNKNOWN) {
            device.recall(region.noted());
        }
        chosen();
    }

    /** A driver that was not told what became of its choice may rely on the one before. */
    @Override
    public void close() {
        if (choosing) {
            device.recall(UNKNOWN);
        }
    }

    private void note(int choices) {
        InflightRegion region = inflight.region();
        if (region != null) {
            region.note(choices);
        }
    }
}
