package dev.ringside.server.control;

import java.util.Map;

/** One client of the {@link Methods}: looks its calls up and checks that it may make them. */
final class MethodSession implements ControlSession {
    private final Map<String, Method<?>> methods;
    private final Access access;
    private final ControlSession others;

    MethodSession(Map<String, Method<?>> methods, Access access, ControlSession others) {
        this.methods = methods;
        this.access = access;
        this.others = others;
    }

    @Override
    public Object call(String name, Parameters parameters)
            throws RpcException, InterruptedException {
        Method<?> method = methods.get(name);
        Access wanted = method == null ? Access.CHANGE : method.access();
        if (!access.allows(wanted)) {
            throw new RpcException(
                    RpcException.NOT_ALLOWED,
                    name
                            + " changes the process, and this client may only look: call it as the"
                            + " process's own user, or as root");
        }
        return method == null ? others.call(name, parameters) : method.call(parameters);
    }

    @Override
    public long patienceMs() {
        return others.patienceMs();
    }

    @Override
    public void ended() {
        others.ended();
    }
}
