package dev.ringside.server.engine;

/** What a shard does when there is nothing to do. */
public enum IdleMode {
    /** Spin for a while that adapts to the load, then sleep until a kick or a completion. */
    ADAPTIVE("adaptive"),

    /** Never sleep: one core per shard, the lowest latency. */
    BUSY_SPIN("busy-spin");

    private final String text;

    IdleMode(String text) {
        this.text = text;
    }

    /** How operators write it. */
    public String text() {
        return text;
    }
}
