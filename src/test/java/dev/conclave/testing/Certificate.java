package dev.conclave.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * A certificate for a test's server and its private key, as PEM.
 *
 * @param pem the certificate
 * @param key the private key, not encrypted
 */
public record Certificate(String pem, String key) {
  private static final String PASSWORD = "changeit";

  /** Signed by itself, for these host names and addresses; made by the JDK's own keytool. */
  public static Certificate selfSigned(String host, String address) {
    Path store = Path.of(System.getProperty("java.io.tmpdir"), "conclave-" + UUID.randomUUID());
    try {
      List<String> command =
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
              "-genkeypair",
              "-alias",
              "server",
              "-keyalg",
              "RSA",
              "-keysize",
              "2048",
              "-validity",
              "30",
              "-dname",
              "CN=" + host,
              "-ext",
              "SAN=dns:" + host + ",ip:" + address,
              "-storetype",
              "PKCS12",
              "-keystore",
              store.toString(),
              "-storepass",
              PASSWORD);
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new AssertionError(said);
      }
      KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
      return new Certificate(
          pem("CERTIFICATE", keys.getCertificate("server").getEncoded()),
          pem("PRIVATE KEY", keys.getKey("server", PASSWORD.toCharArray()).getEncoded()));
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } finally {
      try {
        Files.deleteIfExists(store);
      } catch (IOException leftBehind) {
        store.toFile().deleteOnExit();
      }
    }
  }

  /** The certificate as Vert.x wants values: its PEM once more in Base64. */
  public String base64Pem() {
    return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
  }

  private static String pem(String what, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----";
  }
}
