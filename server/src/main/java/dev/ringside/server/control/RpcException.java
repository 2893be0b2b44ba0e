package dev.ringside.server.control;

/** A call was refused: JSON-RPC's error object. The message is for people. */
public final class RpcException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What arrived is no JSON. */
    public static final int PARSE_ERROR = -32700;

    /** What arrived is JSON, and no request. */
    public static final int INVALID_REQUEST = -32600;

    /** There is no such method. */
    public static final int METHOD_NOT_FOUND = -32601;

    /** The method takes other parameters. */
    public static final int INVALID_PARAMS = -32602;

    /** A bug. */
    public static final int INTERNAL_ERROR = -32603;

    /** It cannot be done now, or not here. */
    public static final int REFUSED = -32000;

    /** The client may not. */
    public static final int NOT_ALLOWED = -32001;

    private final int code;

    /** An error with a code of JSON-RPC's. */
    public RpcException(int code, String message) {
        super(message);
        this.code = code;
    }

    /** A method's refusal. */
    public static RpcException refused(String message) {
        return new RpcException(REFUSED, message);
    }

    /** JSON-RPC's number for the kind of error. */
    public int code() {
        return code;
    }
}
