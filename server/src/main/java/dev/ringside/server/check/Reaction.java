package dev.ringside.server.check;

/** What a back-end did with a message. */
enum Reaction {
    /** It acknowledged the message, or took it where nothing is acknowledged. */
    ACCEPTED("accepted it"),

    /** It acknowledged the message as failed. */
    REFUSED("refused it"),

    /** It ended the session. */
    HUNG_UP("hung up"),

    /** It answered neither this message nor the next one. */
    SILENT("did not answer any more");

    private final String text;

    Reaction(String text) {
        this.text = text;
    }

    /** What it did, as the end of a sentence. */
    @Override
    public String toString() {
        return text;
    }
}
