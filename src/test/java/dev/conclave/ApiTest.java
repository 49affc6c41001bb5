package dev.conclave;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every change of what users may call or implement is deliberate: {@code api.txt} lists it, one
 * line per type and member of the exported packages.
 */
class ApiTest {
  private static final Path LIST = Path.of("src/test/resources/api.txt");
  private static final Path FOUND = Path.of("target/api.txt");
  private static final List<String> GENERATED =
      List.of("VertxEBProxy", "VertxProxyHandler", "Converter");
  private static final URL CLASSES =
      Conclave.class.getProtectionDomain().getCodeSource().getLocation();

  @Test
  void theApiIsTheOneThatIsListed() throws IOException, URISyntaxException {
    Set<String> api = new TreeSet<>();
    Set<String> exported = exported();
    for (JavaClass type : new ClassFileImporter().importUrl(CLASSES)) {
      if (exported.contains(type.getPackageName()) && !isGenerated(type.getSimpleName())) {
        add(api, type.reflect());
      }
    }
    Files.write(FOUND, api);
    assertThat(api)
        .as("the API; if the change is intended, copy %s to %s", FOUND, LIST)
        .containsExactlyElementsOf(Files.readAllLines(LIST));
  }

  @Test
  void theApiNamesNoTypeThatIsNotExported() throws URISyntaxException {
    Set<String> exported = exported();
    for (JavaClass type : new ClassFileImporter().importUrl(CLASSES)) {
      if (exported.contains(type.getPackageName()) && isOpen(type.reflect())) {
        Stream.concat(type.getMethods().stream(), type.getConstructors().stream())
            .filter(unit -> isOpen(unit.reflect()))
            .flatMap(unit -> unit.getAllInvolvedRawTypes().stream())
            .filter(used -> used.getPackageName().startsWith("dev.conclave"))
            .forEach(
                used ->
                    assertThat(exported)
                        .as("%s, which %s shows", used.getName(), type.getName())
                        .contains(used.getPackageName()));
      }
    }
  }

  private static Set<String> exported() throws URISyntaxException {
    return ModuleFinder.of(Path.of(CLASSES.toURI()))
        .find("dev.conclave")
        .orElseThrow()
        .descriptor()
        .exports()
        .stream()
        .map(ModuleDescriptor.Exports::source)
        .collect(Collectors.toSet());
  }

  private static boolean isGenerated(String name) {
    return GENERATED.stream().anyMatch(name::endsWith);
  }

  private static void add(Set<String> api, Class<?> type) {
    if (!isOpen(type)) {
      return;
    }
    String name = type.getCanonicalName();
    api.add(name + ": " + kind(type) + parents(type));
    for (Field field : type.getDeclaredFields()) {
      if (isOpen(field)) {
        api.add(name + ": field " + simple(field.getGenericType()) + " " + field.getName());
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (isOpen(constructor)) {
        api.add(name + ": new(" + parameters(constructor) + ")");
      }
    }
    for (Method method : type.getDeclaredMethods()) {
      if (isOpen(method) && !method.isSynthetic()) {
        api.add(
            name
                + ": "
                + (Modifier.isStatic(method.getModifiers()) ? "static " : "")
                + (method.isDefault() ? "default " : "")
                + simple(method.getGenericReturnType())
                + " "
                + method.getName()
                + "("
                + parameters(method)
                + ")");
      }
    }
  }

  /** Public, or protected where users may extend; so are all types around it. */
  private static boolean isOpen(Class<?> type) {
    return (Modifier.isPublic(type.getModifiers()) || Modifier.isProtected(type.getModifiers()))
        && !type.isAnonymousClass()
        && (type.getDeclaringClass() == null || isOpen(type.getDeclaringClass()));
  }

  private static boolean isOpen(Member member) {
    boolean extensible = !Modifier.isFinal(member.getDeclaringClass().getModifiers());
    return Modifier.isPublic(member.getModifiers())
        || extensible && Modifier.isProtected(member.getModifiers());
  }

  private static String kind(Class<?> type) {
    String kind =
        type.isEnum()
            ? "enum"
            : type.isRecord() ? "record" : type.isInterface() ? "interface" : "class";
    boolean isAbstract = Modifier.isAbstract(type.getModifiers()) && !type.isInterface();
    boolean isFinal = Modifier.isFinal(type.getModifiers()) && kind.equals("class");
    return (isAbstract ? "abstract " : "") + (isFinal ? "final " : "") + kind;
  }

  private static String parents(Class<?> type) {
    Type above = type.getGenericSuperclass();
    String parents =
        Stream.concat(
                above == null || above == Object.class || type.isEnum() || type.isRecord()
                    ? Stream.<Type>empty()
                    : Stream.of(above),
                Arrays.stream(type.getGenericInterfaces()))
            .map(ApiTest::simple)
            .collect(Collectors.joining(", "));
    return parents.isEmpty() ? "" : " of " + parents;
  }

  private static String parameters(Executable executable) {
    return Arrays.stream(executable.getGenericParameterTypes())
        .map(ApiTest::simple)
        .collect(Collectors.joining(", "));
  }

  /** The type without its packages: the names in this API are unique. */
  private static String simple(Type type) {
    return type.getTypeName().replaceAll("\\b[a-z][\\w]*\\.", "").replace('$', '.');
  }
}
