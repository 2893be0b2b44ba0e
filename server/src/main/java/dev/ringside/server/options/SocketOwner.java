package dev.ringside.server.options;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.attribute.UserPrincipalLookupService;
import org.jspecify.annotations.Nullable;

/** Who shall own the socket file: {@code USER[:GROUP]} or {@code :GROUP}, as chown(1) takes it. */
record SocketOwner(@Nullable String user, @Nullable String group) {
    /** Reads it and looks the names up, so that a wrong one is told before anything is made. */
    static SocketOwner parse(String option, @Nullable String text) throws OperatorException {
        if (text == null) {
            return new SocketOwner(null, null);
        }
        int colon = text.indexOf(':');
        String user = colon < 0 ? text : text.substring(0, colon);
        String group = colon < 0 ? "" : text.substring(colon + 1);
        if (text.equals(":") || text.endsWith(":") || group.indexOf(':') >= 0) {
            throw new OperatorException(
                    Values.given(option, text) + " is not USER, USER:GROUP or :GROUP");
        }
        UserPrincipalLookupService names = FileSystems.getDefault().getUserPrincipalLookupService();
        if (!user.isEmpty()) {
            require(option, text, "user", user, names::lookupPrincipalByName);
        }
        if (!group.isEmpty()) {
            require(option, text, "group", group, names::lookupPrincipalByGroupName);
        }
        return new SocketOwner(user.isEmpty() ? null : user, group.isEmpty() ? null : group);
    }

    private static void require(String option, String text, String kind, String name, Lookup lookup)
            throws OperatorException {
        try {
            lookup.find(name);
        } catch (IOException e) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " names the "
                            + kind
                            + " "
                            + name
                            + ", which this host does not know: see getent "
                            + (kind.equals("user") ? "passwd" : "group")
                            + ", or give a number",
                    e);
        }
    }

    private interface Lookup {
        Object find(String name) throws IOException;
    }
}
