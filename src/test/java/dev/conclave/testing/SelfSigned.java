package dev.conclave.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/**
 * A certificate of the test's own, made with the JDK's keytool.
 *
 * @param certificate path of the certificate, PEM
 * @param key path of the private key, PEM
 */
public record SelfSigned(String certificate, String key) {
  private static final String STORE_PASSWORD = "changeit";

  /** Makes a certificate for a host name, with files in the directory. */
  public static SelfSigned make(Path directory, String host) {
    Path store = directory.resolve("store.p12");
    try {
      Process keytool =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  "server",
                  "-keyalg",
                  "EC",
                  "-dname",
                  "CN=" + host,
                  "-ext",
                  "SAN=dns:" + host + ",ip:127.0.0.1",
                  "-ext",
                  "bc:c=ca:true",
                  "-validity",
                  "30",
                  "-storetype",
                  "PKCS12",
                  "-keystore",
                  store.toString(),
                  "-storepass",
                  STORE_PASSWORD)
              .redirectErrorStream(true)
              .start();
      String output = new String(keytool.getInputStream().readAllBytes());
      if (keytool.waitFor() != 0) {
        throw new AssertionError("keytool failed: " + output);
      }
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(store)) {
        keys.load(in, STORE_PASSWORD.toCharArray());
      }
      return new SelfSigned(
          pem(
              directory.resolve("server.crt"),
              "CERTIFICATE",
              keys.getCertificate("server").getEncoded()),
          pem(
              directory.resolve("server.key"),
              "PRIVATE KEY",
              keys.getKey("server", STORE_PASSWORD.toCharArray()).getEncoded()));
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static String pem(Path file, String type, byte[] content) throws IOException {
    String body = Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n");
    return file.toString();
  }
}
