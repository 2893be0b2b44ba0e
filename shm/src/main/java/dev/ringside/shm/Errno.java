package dev.ringside.shm;

/**
 * Error numbers of Linux (asm-generic/errno-base.h and errno.h): the same on x86-64 and aarch64.
 *
 * <p>Methods of this module that must not throw (data path, loops) return a negative error number
 * instead: {@code -Errno.EAGAIN}. Any thread.
 */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int E2BIG = 7;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EXDEV = 18;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ETXTBSY = 26;
    public static final int EFBIG = 27;
    public static final int ENOSPC = 28;
    public static final int ESPIPE = 29;
    public static final int EROFS = 30;
    public static final int EPIPE = 32;
    public static final int ERANGE = 34;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int ELOOP = 40;
    public static final int EBADE = 52;
    public static final int ENODATA = 61;
    public static final int ETIME = 62;
    public static final int ENOLINK = 67;
    public static final int EPROTO = 71;
    public static final int EOVERFLOW = 75;
    public static final int EBADFD = 77;
    public static final int EILSEQ = 84;
    public static final int ENOTSOCK = 88;
    public static final int EMSGSIZE = 90;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ENOTCONN = 107;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EALREADY = 114;
    public static final int EINPROGRESS = 115;
    public static final int ESTALE = 116;
    public static final int EREMOTEIO = 121;
    public static final int EDQUOT = 122;
    public static final int ECANCELED = 125;

    private static final String UNKNOWN = "Unknown error";
    private static final String[][] TABLE = table();

    private Errno() {}

    /**
     * The symbol of a (positive) error number, {@code "ENOENT"}; {@code "errno 4242"} if unknown.
     */
    public static String name(int errno) {
        return known(errno) ? TABLE[errno][0] : "errno " + errno;
    }

    /** The text of a (positive) error number, in English whatever the locale is. */
    public static String text(int errno) {
        return known(errno) ? TABLE[errno][1] : UNKNOWN;
    }

    private static boolean known(int errno) {
        return errno >= 0 && errno < TABLE.length && TABLE[errno].length == 2;
    }

    private static String[][] table() {
        String[][] t = new String[EDQUOT + 16][0];
        fillBase(t);
        fillRest(t);
        return t;
    }

    private static void put(String[][] t, int errno, String name, String text) {
        t[errno] = new String[] {name, text};
    }

    private static void fillBase(String[][] t) {
        put(t, 0, "OK", "Success");
        put(t, EPERM, "EPERM", "Operation not permitted");
        put(t, ENOENT, "ENOENT", "No such file or directory");
        put(t, ESRCH, "ESRCH", "No such process");
        put(t, EINTR, "EINTR", "Interrupted system call");
        put(t, EIO, "EIO", "Input/output error");
        put(t, ENXIO, "ENXIO", "No such device or address");
        put(t, E2BIG, "E2BIG", "Argument list too long");
        put(t, EBADF, "EBADF", "Bad file descriptor");
        put(t, EAGAIN, "EAGAIN", "Resource temporarily unavailable");
        put(t, ENOMEM, "ENOMEM", "Cannot allocate memory");
        put(t, EACCES, "EACCES", "Permission denied");
        put(t, EFAULT, "EFAULT", "Bad address");
        put(t, EBUSY, "EBUSY", "Device or resource busy");
        put(t, EEXIST, "EEXIST", "File exists");
        put(t, EXDEV, "EXDEV", "Invalid cross-device link");
        put(t, ENODEV, "ENODEV", "No such device");
        put(t, ENOTDIR, "ENOTDIR", "Not a directory");
        put(t, EISDIR, "EISDIR", "Is a directory");
        put(t, EINVAL, "EINVAL", "Invalid argument");
        put(t, ENFILE, "ENFILE", "Too many open files in system");
        put(t, EMFILE, "EMFILE", "Too many open files");
        put(t, ENOTTY, "ENOTTY", "Inappropriate ioctl for device");
        put(t, ETXTBSY, "ETXTBSY", "Text file busy");
        put(t, EFBIG, "EFBIG", "File too large");
        put(t, ENOSPC, "ENOSPC", "No space left on device");
        put(t, ESPIPE, "ESPIPE", "Illegal seek");
        put(t, EROFS, "EROFS", "Read-only file system");
        put(t, EPIPE, "EPIPE", "Broken pipe");
        put(t, ERANGE, "ERANGE", "Numerical result out of range");
    }

    private static void fillRest(String[][] t) {
        put(t, ENAMETOOLONG, "ENAMETOOLONG", "File name too long");
        put(t, ENOSYS, "ENOSYS", "Function not implemented");
        put(t, ELOOP, "ELOOP", "Too many levels of symbolic links");
        put(t, EBADE, "EBADE", "Invalid exchange");
        put(t, ENODATA, "ENODATA", "No data available");
        put(t, ETIME, "ETIME", "Timer expired");
        put(t, ENOLINK, "ENOLINK", "Link has been severed");
        put(t, EPROTO, "EPROTO", "Protocol error");
        put(t, EOVERFLOW, "EOVERFLOW", "Value too large for defined data type");
        put(t, EBADFD, "EBADFD", "File descriptor in bad state");
        put(t, EILSEQ, "EILSEQ", "Invalid or incomplete multibyte or wide character");
        put(t, ENOTSOCK, "ENOTSOCK", "Socket operation on non-socket");
        put(t, EMSGSIZE, "EMSGSIZE", "Message too long");
        put(t, ENOPROTOOPT, "ENOPROTOOPT", "Protocol not available");
        put(t, EOPNOTSUPP, "EOPNOTSUPP", "Operation not supported");
        put(t, EAFNOSUPPORT, "EAFNOSUPPORT", "Address family not supported by protocol");
        put(t, EADDRINUSE, "EADDRINUSE", "Address already in use");
        put(t, EADDRNOTAVAIL, "EADDRNOTAVAIL", "Cannot assign requested address");
        put(t, ENETDOWN, "ENETDOWN", "Network is down");
        put(t, ENETUNREACH, "ENETUNREACH", "Network is unreachable");
        put(t, ECONNABORTED, "ECONNABORTED", "Software caused connection abort");
        put(t, ECONNRESET, "ECONNRESET", "Connection reset by peer");
        put(t, ENOBUFS, "ENOBUFS", "No buffer space available");
        put(t, ENOTCONN, "ENOTCONN", "Transport endpoint is not connected");
        put(t, ETIMEDOUT, "ETIMEDOUT", "Connection timed out");
        put(t, ECONNREFUSED, "ECONNREFUSED", "Connection refused");
        put(t, EHOSTDOWN, "EHOSTDOWN", "Host is down");
        put(t, EHOSTUNREACH, "EHOSTUNREACH", "No route to host");
        put(t, EALREADY, "EALREADY", "Operation already in progress");
        put(t, EINPROGRESS, "EINPROGRESS", "Operation now in progress");
        put(t, ESTALE, "ESTALE", "Stale file handle");
        put(t, EREMOTEIO, "EREMOTEIO", "Remote I/O error");
        put(t, EDQUOT, "EDQUOT", "Disk quota exceeded");
        put(t, ECANCELED, "ECANCELED", "Operation canceled");
    }
}
