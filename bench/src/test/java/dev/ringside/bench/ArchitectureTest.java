package dev.ringside.bench;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.Timer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.Test;

/** Holds the module graph, and who may create threads and call native code. */
final class ArchitectureTest {
    private static final List<String> MODULES =
            List.of(
                    "shm",
                    "metrics",
                    "virtqueue",
                    "vhost-user",
                    "virtio-blk",
                    "virtio-net",
                    "frontend",
                    "server",
                    "bench");

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .importPaths(
                            MODULES.stream().map(ArchitectureTest::classesOf).toArray(Path[]::new));

    /** Restricted methods of java.lang.foreign, and the loading of libraries. */
    private static final Map<Class<?>, Set<String>> RESTRICTED =
            Map.of(
                    MemorySegment.class, Set.of("reinterpret"),
                    Linker.class, Set.of("downcallHandle", "upcallStub"),
                    AddressLayout.class, Set.of("withTargetLayout"),
                    SymbolLookup.class, Set.of("libraryLookup"),
                    ModuleLayer.Controller.class, Set.of("enableNativeAccess"),
                    System.class, Set.of("load", "loadLibrary"),
                    Runtime.class, Set.of("load", "loadLibrary"));

    /** Whatever starts a thread, or gives work to one that the engine does not own. */
    private static final Map<Class<?>, Set<String>> THREADS =
            Map.of(
                    Thread.class,
                    Set.of("<init>", "ofPlatform", "ofVirtual", "startVirtualThread"),
                    Executors.class,
                    Set.of(),
                    ThreadPoolExecutor.class,
                    Set.of(),
                    ForkJoinPool.class,
                    Set.of(),
                    Timer.class,
                    Set.of(),
                    CompletableFuture.class,
                    Set.of("runAsync", "supplyAsync", "thenRunAsync", "thenAcceptAsync"));

    @Test
    void shouldHaveClassesOfEveryModule() {
        for (String module : MODULES) {
            Path folder = classesOf(module);
            assertFalse(
                    new ClassFileImporter().importPath(folder).isEmpty(),
                    "no classes in " + folder + ": the rules below would hold of nothing");
        }
    }

    @Test
    void shouldKeepShmOnJavaBase() {
        check(only("dev.ringside.shm..", "dev.ringside.shm.."));
    }

    @Test
    void shouldKeepCountersOnJavaBase() {
        check(only("dev.ringside.metrics", "dev.ringside.metrics"));
    }

    @Test
    void shouldKeepMicrometerInItsPackage() {
        check(
                noClasses()
                        .that()
                        .resideOutsideOfPackages(
                                "dev.ringside.metrics.prometheus..", "dev.ringside.bench..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage("io.micrometer..", "io.prometheus.."));
    }

    @Test
    void shouldKeepVirtqueueOnShmAndMetrics() {
        check(
                only(
                        "dev.ringside.virtqueue..",
                        "dev.ringside.virtqueue..",
                        "dev.ringside.shm..",
                        "dev.ringside.metrics"));
    }

    @Test
    void shouldHideVhostUserFromDevices() {
        check(
                only(
                        "dev.ringside.virtio..",
                        "dev.ringside.virtio..",
                        "dev.ringside.virtqueue..",
                        "dev.ringside.shm..",
                        "dev.ringside.metrics",
                        // Frames go from shard to shard through its queues.
                        "org.jctools.queues.varhandle"));
    }

    @Test
    void shouldKeepVhostUserOnShmAndVirtqueue() {
        check(
                only(
                        "dev.ringside.vhostuser..",
                        "dev.ringside.vhostuser..",
                        "dev.ringside.virtqueue..",
                        "dev.ringside.shm.."));
    }

    @Test
    void shouldKeepFrontendApartFromTheBackEnd() {
        check(only("dev.ringside.frontend..", "dev.ringside.frontend..", "dev.ringside.shm.."));
    }

    @Test
    void shouldCallRestrictedMethodsInShmOnly() {
        check(
                noClasses()
                        .that()
                        .resideOutsideOfPackage("dev.ringside.shm..")
                        .should()
                        .callCodeUnitWhere(targetIn(RESTRICTED, "calls a restricted method")));
    }

    @Test
    void shouldCreateThreadsInTheEngineOnly() {
        // Load generators are no part of the server's process, the demo starts it as a child, and
        // a scrape waits for a client that nobody else should wait for.
        check(
                noClasses()
                        .that()
                        .resideOutsideOfPackages(
                                "dev.ringside.server.engine..",
                                "dev.ringside.server.demo..",
                                "dev.ringside.metrics.prometheus..",
                                "dev.ringside.frontend..",
                                "dev.ringside.bench..")
                        .should()
                        .callCodeUnitWhere(targetIn(THREADS, "creates a thread")));
    }

    @Test
    void shouldUseNoUnsafeMemory() {
        check(
                noClasses()
                        .should()
                        .dependOnClassesThat()
                        .haveFullyQualifiedName("sun.misc.Unsafe")
                        .orShould()
                        .dependOnClassesThat()
                        .resideInAPackage("jdk.internal.."));
    }

    @Test
    void shouldHaveNoCyclesBetweenPackages() {
        SlicesRuleDefinition.slices()
                .matching("dev.ringside.(**)")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    private static ArchRule only(String user, String... allowed) {
        List<String> packages = new ArrayList<>(List.of(allowed));
        packages.add("java..");
        packages.add("org.jspecify..");
        return classes()
                .that()
                .resideInAPackage(user)
                .should()
                .onlyDependOnClassesThat(are(resideInAnyPackage(packages.toArray(String[]::new))));
    }

    private static void check(ArchRule rule) {
        // A module whose first class is still to come breaks no rule.
        rule.allowEmptyShould(true).check(CLASSES);
    }

    private static Path classesOf(String module) {
        return SourceTree.root().resolve(module).resolve("target/classes");
    }

    /** Calls of the named methods of these classes and their subclasses; no names: of any. */
    private static DescribedPredicate<com.tngtech.archunit.core.domain.JavaCall<?>> targetIn(
            Map<Class<?>, Set<String>> targets, String description) {
        return DescribedPredicate.describe(
                description,
                call -> {
                    CodeUnitCallTarget target = call.getTarget();
                    JavaClass owner = target.getOwner();
                    for (Map.Entry<Class<?>, Set<String>> entry : targets.entrySet()) {
                        Set<String> names = entry.getValue();
                        if (owner.isAssignableTo(entry.getKey())
                                && (names.isEmpty() || names.contains(target.getName()))) {
                            return true;
                        }
                    }
                    return false;
                });
    }
}
