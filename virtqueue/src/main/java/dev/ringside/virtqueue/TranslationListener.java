package dev.ringside.virtqueue;

/**
 * Whom a queue behind an IOMMU asks for translations. Called on the queue's thread; must only post.
 */
@FunctionalInterface
public interface TranslationListener {
    /**
     * The queue cannot go on without these. It takes nothing until it gets another guest memory by
     * {@link Virtqueue#remap}, and asks anew then when they are still not there.
     *
     * @param queue {@link Virtqueue#index()}
     * @param pages I/O virtual addresses, each the first of a page; the listener's to keep
     * @param access of each page what the device has to do there, as in {@link
     *     dev.ringside.shm.Iotlb}
     */
    void onMisses(int queue, long[] pages, byte[] access);
}
