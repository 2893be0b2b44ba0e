package dev.ringside.server.process;

import dev.ringside.server.control.ControlSession;
import dev.ringside.server.control.Parameters;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.Engine;

/** What a client of the control socket may ask about devices; the rest is an upgrade's. */
public final class DeviceMethods implements ControlSession {
    /** Gives every device's {@link dev.ringside.server.engine.DeviceStatus}; no parameters. */
    public static final String LIST = "device.list";

    private final Engine engine;
    private final ControlSession upgrade;

    DeviceMethods(Engine engine, ControlSession upgrade) {
        this.engine = engine;
        this.upgrade = upgrade;
    }

    @Override
    public Object call(String method, Parameters parameters)
            throws RpcException, InterruptedException {
        return method.equals(LIST) ? engine.status() : upgrade.call(method, parameters);
    }

    @Override
    public long patienceMs() {
        return upgrade.patienceMs();
    }

    @Override
    public void ended() {
        upgrade.ended();
    }
}
