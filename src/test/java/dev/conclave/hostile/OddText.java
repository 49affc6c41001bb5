package dev.conclave.hostile;

import java.text.Normalizer;
import java.util.List;
import java.util.Map;

/** Names that a user may choose. */
final class OddText {
  private static final String E_ACUTE = Normalizer.normalize("é", Normalizer.Form.NFC);

  /** Legal every one, and no two the same. */
  static final List<String> LEGAL =
      List.of(
          "'; DROP TABLE conclave_lease; --",
          "$$ || pg_sleep(1) || $$",
          "\\'; SELECT 1; --",
          "']] redis.call('FLUSHALL') --",
          "\" .. redis.call('FLUSHALL') .. \"",
          "*",
          "?",
          "[a-z]",
          "[^a]",
          "\\*",
          "\\",
          "\\\\",
          "{}",
          "{a}",
          "}{",
          "{{a}}",
          ":",
          "a:b",
          "lock:a",
          "'",
          "\"",
          "`",
          "%",
          "_",
          "%25",
          "..",
          ".hidden",
          "../../etc/passwd",
          "/",
          "__proto__",
          "null",
          "NaN",
          "0",
          "00",
          "true",
          "${HOME}",
          "$1",
          "%s%n",
          "{\"a\":1}",
          "[]",
          "\u202Eabc",
          "\u200Babc",
          "abc",
          "\uFEFFabc",
          "abc ",
          " abc",
          "abc\u00A0",
          "ABC",
          E_ACUTE,
          Normalizer.normalize(E_ACUTE, Normalizer.Form.NFD),
          "\u1E9E",
          "ß",
          "ss",
          "I",
          "ı",
          "İ",
          "😀",
          "😁",
          "👨‍👩‍👧",
          "\uFFFD",
          "\uFFFF",
          "\u2028");

  /** What no name, owner or token may be, and what is said about it. */
  static final Map<String, String> ILLEGAL =
      Map.of(
          "",
          "empty",
          "a\u0000b",
          "control character",
          "a\nb",
          "control character",
          "\u007F",
          "control character",
          "\u0085",
          "control character",
          "\uD800",
          "unpaired surrogate",
          "a\uDC00b",
          "unpaired surrogate",
          "\uDE00\uD83D",
          "unpaired surrogate",
          "x".repeat(201),
          "at most 200",
          "😀".repeat(201),
          "at most 200");

  private OddText() {}
}
