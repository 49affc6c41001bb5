package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import dev.conclave.backend.BackendFactory;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.module.ResolvedModule;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The module works for those who use the module path, although the tests themselves do not. */
class ModuleGraphTest {
  private static final String NAME = "dev.conclave";

  private final ModuleFinder library = ModuleFinder.of(classes());
  private final ModuleDescriptor descriptor = library.find(NAME).orElseThrow().descriptor();
  private final ModuleFinder modules = ModuleFinder.of(modulePath());

  @Test
  void resolvesWithoutAnyOptionalModule() {
    Set<String> names = resolve(Set.of(NAME));

    assertThat(names).contains(NAME, "io.vertx.core", "io.vertx.serviceproxy");
    assertThat(names)
        .as("an application does not need the clients of backends that it does not use")
        .doesNotContain("io.vertx.redis.client", "io.vertx.sql.client", "io.vertx.sql.client.pg");
  }

  @Test
  void resolvesWithEveryOptionalModule() {
    assertThat(resolve(everything())).containsAll(everything());
  }

  @Test
  void clientsOfBackendsAreOptional() {
    assertThat(descriptor.requires())
        .filteredOn(it -> it.name().matches("io\\.vertx\\.(redis|sql|codegen).*"))
        .allMatch(it -> it.modifiers().contains(Requires.Modifier.STATIC));
  }

  @Test
  void offersTheSameBackendsOnModulePathAndClassPath() throws IOException {
    String service = BackendFactory.class.getName();
    List<String> provided =
        descriptor.provides().stream()
            .filter(it -> it.service().equals(service))
            .flatMap(it -> it.providers().stream())
            .toList();

    assertThat(provided).containsExactlyInAnyOrderElementsOf(registered(service));
    assertThat(descriptor.uses()).contains(service);
  }

  /** Boots the module in a layer of its own, so that its services are looked up by its rules. */
  @Test
  void findsItsBackendsWhenItIsAModule() throws Exception {
    ModuleLayer layer =
        ModuleLayer.defineModulesWithOneLoader(
                configure(everything()),
                List.of(ModuleLayer.boot()),
                ClassLoader.getPlatformClassLoader())
            .layer();
    Class<?> service = layer.findLoader(NAME).loadClass(BackendFactory.class.getName());

    assertThat(service.getModule().getName()).isEqualTo(NAME);
    assertThat(ServiceLoader.load(layer, service))
        .extracting(factory -> factory.getClass().getName())
        .containsExactlyInAnyOrderElementsOf(registered(service.getName()));
  }

  /** The module and what it requires, optional or not, besides the JDK's own. */
  private Set<String> everything() {
    Set<String> names =
        descriptor.requires().stream()
            .map(Requires::name)
            .filter(name -> !name.startsWith("java."))
            .collect(Collectors.toSet());
    names.add(NAME);
    return names;
  }

  private Set<String> resolve(Set<String> roots) {
    return configure(roots).modules().stream()
        .map(ResolvedModule::name)
        .collect(Collectors.toSet());
  }

  private Configuration configure(Set<String> roots) {
    return ModuleLayer.boot()
        .configuration()
        .resolve(ModuleFinder.compose(library, modules), ModuleFinder.of(), roots);
  }

  private static List<String> registered(String service) throws IOException {
    try (InputStream in =
        Files.newInputStream(classes().resolve("META-INF/services").resolve(service))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .toList();
    }
  }

  private static Path classes() {
    try {
      return Path.of(
          BackendFactory.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * The jars of the class path that are modules, and those that are automatic ones which the module
   * requires. Test libraries that are none would all be resolved too, and quarrel about packages.
   */
  private Path[] modulePath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.endsWith(".jar"))
        .map(Path::of)
        .filter(this::isNamed)
        .toArray(Path[]::new);
  }

  private boolean isNamed(Path jar) {
    try (JarFile file = new JarFile(jar.toFile(), true, JarFile.OPEN_READ, Runtime.version())) {
      Manifest manifest = file.getManifest();
      String automatic =
          manifest == null ? null : manifest.getMainAttributes().getValue("Automatic-Module-Name");
      return file.getJarEntry("module-info.class") != null
          || descriptor.requires().stream().anyMatch(it -> it.name().equals(automatic));
    } catch (IOException e) {
      throw new AssertionError(jar.toString(), e);
    }
  }
}
