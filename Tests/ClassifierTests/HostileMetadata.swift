import CNN
import Primitives
import TestSupport

private let required = [
  "architecture", "classes", "dataset_fingerprint", "format_version", "preprocessing", "recipe",
  "tool_version", "training_images",
]
/// Texts that are no number in its range, these among them.
private func strange(and others: String...) -> [String] {
  others + ["nan", "-nan", "inf", "-inf", "-1", "", " 1", "1 ", "x", "1e999", "١"]
}

/// Texts that are no names.
private let unruly = [
  "\u{1b}[2J", "a\nb", "a\0b", "\u{202e}x", "\u{85}", String(repeating: "r", count: 256),
  String(repeating: "recipe ", count: 40_000),
]

extension HostileKind {
  private static func missing(_ key: String) -> HostileKind {
    content("no \(key)") { file, _ in file.metadata[key] = nil }
  }

  /// What a file says beside its weights; everything around it is right.
  static let ofMetadata: [HostileKind] =
    required.map(missing) + [
      content("a key that nobody knows") { file, stream in
        let key = stream.pick(["code", "path", "", "Classes", "\u{1b}[2J", "a\nb"])
        file.metadata[key] = stream.pick(["/etc/passwd", "", "__import__('os')"])
      },
      content("a key of a megabyte") { file, stream in
        file.metadata[String(repeating: "k\n", count: 100_000 + stream.index(below: 1000))] = ""
      },
      metadata("another format", "format_version", strange(and: "0", "2", "1.0", "01", "1\n")),
      metadata(
        "images that are no count", "training_images",
        strange(and: "1.5", "9223372036854775808", "1e3", "0x10")),

      metadata("one class or none", "classes", ["[]", "[\"cats\"]"]),
      metadata("a class twice", "classes", ["[\"a\",\"a\"]", "[\"\u{e9}\",\"e\\u0301\"]"]),
      metadata("a class without a name", "classes", ["[\"\",\"a\"]", "[\"a\",\"\"]"]),
      content("another number of classes") { file, stream in
        let count = 4 + stream.index(below: 20_000)
        file.metadata["classes"] =
          "[" + (0..<count).map { "\"\($0)\"" }.joined(separator: ",") + "]"
      },
      metadata(
        "classes that are no list of texts", "classes",
        ["", "{}", "[1,2]", "[null,\"a\"]", "[\"a\",\"b\"", "[\"a\",\"b\"]x", "\"ab\"", "[[],[]]"]),

      metadata(
        "classes whose names steer terminals", "classes",
        ["\\u001b[2J", "a\\nb", "\\u0000", "\\t", "\\u202ea", "\\u009b2J"].map {
          "[\"\($0)\",\"b\"]"
        }),
      metadata("a recipe that steers terminals, or fills them", "recipe", unruly),
      metadata("a version that steers terminals, or fills them", "tool_version", unruly),
      metadata("a fingerprint that steers terminals, or fills them", "dataset_fingerprint", unruly),
      metadata(
        "a card that steers terminals, or fills them", "card",
        [
          "{\"data\":\"\\u001b[2J\"}", "{\"limits\":\"\\u202e\"}",
          "{\"description\":\"\(String(repeating: "d", count: 10_001))\"}",
        ]),

      preprocessing(
        "a size that cannot be", "width", JSON.each("0", "-1", "4097", "1e99", "8.5")),
      preprocessing(
        "another size than the network's", "height", JSON.each("8", "10", "4096")),
      preprocessing(
        "deviations that divide by nothing", "deviation",
        [
          .numbers(["0", "1", "1"]), .numbers(["1", "-1", "1"]), .numbers(["1", "1", "1e-39"]),
          .array([.string("nan"), .number("1"), .number("1")]), .numbers(["1", "1", "1e99"]),
          .array([.number("1"), .string("inf"), .number("1")]),
        ]),
      preprocessing(
        "means that are none", "mean",
        [
          .array([.string("nan"), .number("1"), .number("1")]), .numbers(["1", "1e39", "1"]),
          .numbers(["1", "1"]), .numbers(["1", "1", "1", "1"]), .numbers([]), .number("1"), .null,
        ]),
      preprocessing(
        "a filter or a mode that nobody knows", "filter",
        [
          .string("lanczos"), .string(""), .number("1"), .null,
        ]),
      preprocessing(
        "a limit of pixels that cannot be", "maxPixels",
        JSON.each("0", "-1", "1000000001", "1e300")),
      preprocessing(
        "a margin that cannot be", "shrinkMargin",
        JSON.each("-1", "0.5", "1001", "1e308")),
      preprocessing(
        "a field that nobody knows", "code", [.string("x"), .number("1"), .members([:])]),
      parts("preprocessing with a key twice") { model, stream in
        guard case .object(let members) = try model.json("preprocessing") else { return }
        model.set("preprocessing", HostileModel.text(.object(members + [stream.pick(members)])))
      },
      metadata(
        "preprocessing that is no object", "preprocessing", ["", "[]", "null", "{", "{}", "1"]),

      metadata(
        "a temperature that is none", "temperature", strange(and: "0", "0.0099", "100.1", "-0")),
      metadata("a view that nobody knows", "tta", ["mirror", "", "Flip", "none ", "rot90"]),
      metadata(
        "a broken card", "card",
        [
          "", "[]", "{", "{\"a\":1}", "{\"data\":1}", "{\"accuracy\":2}", "{\"accuracy\":1e999}",
          "{\"test_images\":-1}", "{\"accuracy_low\":0.5}", "{\"data\":\"a\",\"data\":\"b\"}",
          "{\"description\":{\"a\":{}}}", "null",
        ]),
    ]
}
