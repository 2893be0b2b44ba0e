package dev.ringside.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples for Kubernetes and KubeVirt: every field is one, and the parts fit together. */
final class KubernetesIT {
    private static final Path FOLDER = Path.of("../packaging/kubernetes");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    /** Knows no field but those of Kubernetes' API: its types keep what else they find. */
    private static final ObjectMapper STRICT =
            new ObjectMapper()
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .setAnnotationIntrospector(
                            new JacksonAnnotationIntrospector() {
                                @Override
                                public Boolean hasAnySetter(Annotated member) {
                                    return false;
                                }
                            });

    @TempDir private Path folder = Path.of("/nonexistent");

    private static List<JsonNode> read(String file) throws IOException {
        List<JsonNode> objects = new ArrayList<>();
        try (var parser = YAML.createParser(FOLDER.resolve(file).toFile())) {
            YAML.readValues(parser, JsonNode.class).forEachRemaining(objects::add);
        }
        return objects;
    }

    private static <T> T find(String file, Class<T> type) throws IOException {
        for (JsonNode object : read(file)) {
            if (object.get("kind").asText().equals(type.getSimpleName())) {
                return STRICT.treeToValue(object, type);
            }
        }
        throw new IOException("no " + type.getSimpleName() + " in " + file);
    }

    /** What a ConfigMap of a file has under a key. */
    private static String data(String file, String key) throws IOException {
        String text = find(file, ConfigMap.class).getData().get(key);
        if (text == null) {
            throw new IOException("no " + key + " in " + file);
        }
        return text;
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void shouldMountWhatIsThereAndSelectItself() throws Exception {
        DaemonSet set = find("ringside.yaml", DaemonSet.class);
        PodSpec pod = set.getSpec().getTemplate().getSpec();
        List<String> volumes = pod.getVolumes().stream().map(Volume::getName).toList();
        List<Container> containers = new ArrayList<>(pod.getInitContainers());
        containers.addAll(pod.getContainers());
        for (Container container : containers) {
            for (VolumeMount mount : container.getVolumeMounts()) {
                assertTrue(volumes.contains(mount.getName()), mount.getName());
            }
        }
        Map<String, String> labels = set.getSpec().getTemplate().getMetadata().getLabels();
        assertEquals(labels, set.getSpec().getSelector().getMatchLabels());
        assertEquals(
                find("ringside.yaml", ConfigMap.class).getMetadata().getName(),
                pod.getVolumes().stream()
                        .filter(volume -> volume.getConfigMap() != null)
                        .map(volume -> volume.getConfigMap().getName())
                        .collect(Collectors.joining()));
    }

    @Test
    void shouldServeTheConfiguration() throws Exception {
        String text = data("ringside.yaml", "ringside.toml");
        Path image = Files.createFile(folder.resolve("data.img"));
        Files.write(image, new byte[4096]);
        Path configuration = folder.resolve("ringside.toml");
        Files.writeString(
                configuration,
                text.replace("/var/lib/ringside/data.img", image.toString())
                        .replace("/run/ringside/", folder + "/"));

        String printed =
                run("../bin/ringside", "serve", configuration.toString(), "--check-config");

        assertTrue(printed.contains("1 disk"), printed);
    }

    @Test
    void shouldBindTheVolumeAndHookThatTheMachineNames() throws Exception {
        PersistentVolume volume = find("kubevirt.yaml", PersistentVolume.class);
        PersistentVolumeClaim claim = find("kubevirt.yaml", PersistentVolumeClaim.class);
        assertEquals(volume.getSpec().getStorageClassName(), claim.getSpec().getStorageClassName());
        assertEquals(volume.getSpec().getAccessModes(), claim.getSpec().getAccessModes());
        ConfigMap hook = find("kubevirt.yaml", ConfigMap.class);
        JsonNode machine = read("kubevirt.yaml").getLast();
        JsonNode sidecar =
                new ObjectMapper()
                        .readTree(
                                machine.at("/spec/template/metadata/annotations")
                                        .get("hooks.kubevirt.io/hookSidecars")
                                        .asText())
                        .get(0);
        assertEquals(claim.getMetadata().getName(), sidecar.at("/pvc/name").asText());
        assertEquals(hook.getMetadata().getName(), sidecar.at("/configMap/name").asText());
        String script = data("kubevirt.yaml", sidecar.at("/configMap/key").asText());
        String path = sidecar.at("/pvc/sharedComputePath").asText();
        assertTrue(script.contains("path='" + path + "/data.sock'"), script);
        String served = data("ringside.yaml", "ringside.toml");
        assertTrue(
                served.contains(volume.getSpec().getHostPath().getPath() + "/data.sock"), served);
    }

    @Test
    void shouldAddADiskAndSharedMemoryToADomain() throws Exception {
        Path hook = folder.resolve("onDefineDomain");
        Files.writeString(hook, data("kubevirt.yaml", "disk.sh"));
        String bare =
                "<domain type='kvm'><name>vm1</name><memory>1048576</memory><os>"
                        + "<type>hvm</type></os><devices><disk type='file' device='disk'>"
                        + "<source file='/a'/><target dev='vda' bus='virtio'/></disk></devices>"
                        + "</domain>";

        String hooked = run("sh", hook.toString(), "--vmi", "{}", "--domain", bare);

        assertTrue(hooked.contains("<disk type='vhostuser'"), hooked);
        assertTrue(hooked.contains("<access mode='shared'/>"), hooked);
        Path domain = folder.resolve("domain.xml");
        Files.writeString(domain, hooked);
        run("virt-xml-validate", domain.toString(), "domain");
        String again = run("sh", hook.toString(), "--vmi", "{}", "--domain", hooked);
        assertEquals(2, again.split("<memoryBacking>", -1).length, again);
    }
}
