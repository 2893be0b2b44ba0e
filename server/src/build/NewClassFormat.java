import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Gives the classes of a JAR that are older than Java 6 the format of Java 8: the same code, with
 * the stack maps that the JVM's quick verifier wants. Without them each start verifies picocli in
 * the old, slow way, and no archive of classes can hold it (docs/adr/0019).
 *
 * <p>usage: java NewClassFormat.java JAR. The build runs it; the JAR is replaced.
 */
final class NewClassFormat {
    private NewClassFormat() {}

    public static void main(String[] arguments) throws IOException {
        Path jar = Path.of(arguments[0]);
        Path made = Path.of(jar + ".new");
        try (var classes = new URLClassLoader(new URL[] {jar.toUri().toURL()});
                var from = new ZipInputStream(Files.newInputStream(jar));
                var to = new ZipOutputStream(Files.newOutputStream(made))) {
            rewrite(classFile(classes), from, to);
        }
        Files.move(made, jar, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Code is written anew, or stack maps would not be made; types are looked up in the JAR. */
    private static ClassFile classFile(ClassLoader classes) {
        return ClassFile.of(
                ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ConstantPoolSharingOption.NEW_POOL,
                ClassFile.ClassHierarchyResolverOption.of(
                        ClassHierarchyResolver.ofResourceParsing(classes)));
    }

    private static void rewrite(ClassFile format, ZipInputStream from, ZipOutputStream to)
            throws IOException {
        for (ZipEntry old = from.getNextEntry(); old != null; old = from.getNextEntry()) {
            var entry = new ZipEntry(old.getName());
            entry.setTime(old.getTime());
            to.putNextEntry(entry);
            byte[] bytes = from.readAllBytes();
            to.write(old.getName().endsWith(".class") ? inNewFormat(format, bytes) : bytes);
            to.closeEntry();
        }
    }

    private static byte[] inNewFormat(ClassFile format, byte[] bytes) {
        ClassModel old = format.parse(bytes);
        if (old.majorVersion() >= ClassFile.JAVA_6_VERSION) {
            return bytes;
        }
        ClassTransform version =
                (builder, element) -> {
                    if (element instanceof ClassFileVersion) {
                        builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
                    } else {
                        builder.with(element);
                    }
                };
        ClassTransform code = ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL);
        return format.transformClass(old, code.andThen(version));
    }
}
