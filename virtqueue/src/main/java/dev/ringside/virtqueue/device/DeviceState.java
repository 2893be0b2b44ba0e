package dev.ringside.virtqueue.device;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The form in which a device's state goes to another process: a header with magic, version, device
 * ID and the negotiated features; then fields, each a tag of 16 bits, a length of 32 bits and so
 * many bytes, in ascending order of tags; all little-endian. What a field holds is the device's
 * affair.
 *
 * <p>A reader that does not know a field may pass over it when bit 15 of its tag is set; else it
 * refuses the state. So a later version can add what an earlier one may ignore, and nothing that
 * matters gets lost without a word.
 */
public final class DeviceState {
    /** Most bytes of a state. */
    public static final int MAX_BYTES = 1 << 16;

    /** In a tag: whoever does not know the field may ignore it. */
    public static final int IGNORABLE = 0x8000;

    private static final int MAGIC = 0x53445352; // "RSDS"
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 16;
    private static final int FIELD_HEADER_BYTES = 6;

    private final int deviceId;
    private final long features;
    private final SortedMap<Integer, byte[]> fields = new TreeMap<>();

    /** A state without fields, of a device with these negotiated features. */
    public DeviceState(int deviceId, long features) {
        this.deviceId = deviceId;
        this.features = features;
    }

    /** What was negotiated when it was saved. */
    public long features() {
        return features;
    }

    /** Adds a field, or replaces it. */
    public DeviceState put(int tag, byte[] value) {
        fields.put(tag, value.clone());
        return this;
    }

    /** The bytes of a field, to write or read them in order; little-endian. */
    public static ByteBuffer over(byte[] field) {
        return ByteBuffer.wrap(field).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * A field.
     *
     * @param bytes how many it must have
     * @throws DeviceStateException when it is missing or of another size
     */
    public ByteBuffer get(int tag, int bytes) throws DeviceStateException {
        ByteBuffer value = get(tag);
        if (value.remaining() != bytes) {
            throw new DeviceStateException(
                    "field " + tag + " has " + value.remaining() + " bytes: must be " + bytes);
        }
        return value;
    }

    /**
     * A field of any size.
     *
     * @throws DeviceStateException when it is missing
     */
    public ByteBuffer get(int tag) throws DeviceStateException {
        byte[] value = fields.get(tag);
        if (value == null) {
            throw new DeviceStateException("field " + tag + " is missing");
        }
        return over(value.clone());
    }

    /** Whether it has a field. */
    public boolean has(int tag) {
        return fields.containsKey(tag);
    }

    /**
     * Refuses a state with fields that this device does not know and may not ignore.
     *
     * @param known all tags that it knows
     * @throws DeviceStateException naming the field
     */
    public void checkFields(Integer... known) throws DeviceStateException {
        for (int tag : fields.keySet()) {
            if ((tag & IGNORABLE) == 0 && !Arrays.asList(known).contains(tag)) {
                throw new DeviceStateException(
                        "field " + tag + " is not known here: it comes from a later version");
            }
        }
    }

    /** The bytes to send. */
    public byte[] encode() {
        int bytes = HEADER_BYTES;
        for (byte[] value : fields.values()) {
            bytes += FIELD_HEADER_BYTES + value.length;
        }
        byte[] encoded = new byte[bytes];
        ByteBuffer into = over(encoded);
        into.putInt(MAGIC).putShort((short) VERSION).putShort((short) deviceId).putLong(features);
        fields.forEach(
                (tag, value) -> into.putShort(tag.shortValue()).putInt(value.length).put(value));
        return encoded;
    }

    /**
     * Takes apart what was received.
     *
     * @param expectedDeviceId of the device that it is for
     * @param offeredFeatures of that device: those that were negotiated must be among them
     * @throws DeviceStateException saying why it cannot be taken
     */
    public static DeviceState decode(byte[] bytes, int expectedDeviceId, long offeredFeatures)
            throws DeviceStateException {
        try {
            ByteBuffer from = over(bytes);
            if (from.getInt() != MAGIC) {
                throw new DeviceStateException("it is no state of a Ringside device");
            }
            int version = Short.toUnsignedInt(from.getShort());
            if (version != VERSION) {
                throw new DeviceStateException(
                        "it is of version " + version + ": this is version " + VERSION);
            }
            int deviceId = Short.toUnsignedInt(from.getShort());
            if (deviceId != expectedDeviceId) {
                throw new DeviceStateException(
                        "it is of a device with ID "
                                + deviceId
                                + ": this one has ID "
                                + expectedDeviceId);
            }
            long features = from.getLong();
            if ((features & ~offeredFeatures) != 0) {
                throw new DeviceStateException(
                        "its features 0x"
                                + Long.toHexString(features & ~offeredFeatures)
                                + " are not offered here: configure both devices alike");
            }
            return decodeFields(from, new DeviceState(deviceId, features));
        } catch (BufferUnderflowException e) {
            throw new DeviceStateException("it is cut off after " + bytes.length + " bytes");
        }
    }

    private static DeviceState decodeFields(ByteBuffer from, DeviceState into)
            throws DeviceStateException {
        int before = -1;
        while (from.hasRemaining()) {
            int tag = Short.toUnsignedInt(from.getShort());
            int length = from.getInt();
            if (tag <= before || length < 0 || length > from.remaining()) {
                throw new DeviceStateException(
                        "field "
                                + tag
                                + " of "
                                + Integer.toUnsignedString(length)
                                + " bytes: "
                                + "its fields are out of order or cut off");
            }
            byte[] value = new byte[length];
            from.get(value);
            into.fields.put(tag, value);
            before = tag;
        }
        return into;
    }
}
