#include "program/escape.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>

#include "program/invisible.hpp"

namespace program {
namespace {

std::string utf8(std::uint32_t character) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto trail = [&](unsigned shift) { return byte(0x80U | ((character >> shift) & 0x3FU)); };
  if (character < 0x80) {
    return {byte(character)};
  }
  if (character < 0x800) {
    return {byte(0xC0U | (character >> 6U)), trail(0)};
  }
  if (character < 0x10000) {
    return {byte(0xE0U | (character >> 12U)), trail(6), trail(0)};
  }
  return {byte(0xF0U | (character >> 18U)), trail(12), trail(6), trail(0)};
}

// The bytes that the quoted notation stands for.
std::string unescaped(std::string_view notation) {
  std::string bytes;
  for (std::size_t i = 0; i < notation.size(); ++i) {
    if (notation[i] != '\\') {
      bytes += notation[i];
    } else if (const char kind = notation[++i]; kind == 'x') {
      bytes += static_cast<char>(std::stoi(std::string(notation.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      bytes += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
    }
  }
  return bytes;
}

// Bytes of all kinds, those that matter here more often than chance would have them.
std::string random_bytes(std::mt19937& random) {
  static const std::string often = "\"\\\n\r\t\x1b\x7f\xc3\xa4x n\xf0\x9f\x98\x80" + utf8(0x202E);
  std::string bytes(random() % 64, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] {
    return random() % 2 == 0 ? often[random() % often.size()] : static_cast<char>(random());
  });
  return bytes;
}

// The bytes of the printable character beyond ASCII at the beginning, found by trying all lengths.
std::size_t printable_at(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t length = 2; length <= 4 && length <= bytes.size(); ++length) {
    std::uint32_t character = byte(0) & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
      character = character << 6U | (byte(i) & 0x3FU);
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < 0x80 || character > 0x10FFFF || surrogate || is_invisible(character)) continue;
    if (bytes.starts_with(utf8(character))) return length;
  }
  return 0;
}

// The notation as its description has it, byte by byte.
std::string described(std::string_view bytes, EscapeRules rules) {
  const std::string backslash = rules.json ? "\\\\" : "\\";
  std::string notation;
  while (!bytes.empty()) {
    const std::size_t character = std::max<std::size_t>(printable_at(bytes), 1);
    const char c = bytes.front();
    const bool special = c == '"' || c == '\\';
    if (character > 1)
      notation += bytes.substr(0, character);
    else if (c == '\n' || c == '\r' || c == '\t')
      notation += backslash + (c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c < ' ' || c > '~')
      notation += fmt::format("{}x{:02x}", backslash, static_cast<unsigned char>(c));
    else
      notation += std::string(special && rules.quoted ? backslash : "") +
                  (special && rules.json ? "\\" : "") + c;
    bytes.remove_prefix(character);
  }
  return notation;
}

void expect_described(std::string_view bytes, EscapeRules rules) {
  std::string memory(escaped_room(bytes.size()), '\0');
  const char* end = write_escaped(memory.data(), bytes, rules);
  memory.resize(static_cast<std::size_t>(end - memory.data()));
  ASSERT_EQ(memory, described(bytes, rules));
  ASSERT_EQ(memory, escaped(bytes, rules));
}

// Plain bytes are copied by blocks: one that is not is found wherever it stands in them.
TEST(Escape, FindsEachByteAtEachPlace) {
  for (const std::size_t length : {1U, 16U, 35U}) {
    for (std::size_t place = 0; place < length; ++place) {
      std::string bytes(length, 'a');
      for (int byte = 0; byte < 256; ++byte) {
        bytes[place] = static_cast<char>(byte);
        ASSERT_NO_FATAL_FAILURE(expect_described(bytes, {}));
      }
    }
  }
}

TEST(Escape, IsAsDescribedForAnyBytesOfAnyLength) {
  std::mt19937 random(24);
  for (std::size_t length = 0; length <= 300; ++length) {
    std::string bytes;
    while (bytes.size() < length)
      bytes += random() % 2 == 0 ? random_bytes(random) : std::string(random() % 40, 'a');
    bytes.resize(length);
    for (const bool quoted : {false, true})
      for (const bool json : {false, true})
        ASSERT_NO_FATAL_FAILURE(expect_described(bytes, {.quoted = quoted, .json = json}));
  }
}

TEST(Escape, PassesPrintableAscii) {
  EXPECT_EQ(escaped("GET /x?a=b HTTP/1.1 ~!'<>"), "GET /x?a=b HTTP/1.1 ~!'<>");
}

TEST(Escape, OfPlainTextTakesNoMemoryBesideIt) {
  TextBuffer out;
  append_escaped(out, std::string(out.capacity(), 'x'), {.quoted = false});
  EXPECT_EQ(TextBuffer().capacity(), out.capacity());
}

TEST(Escape, PassesPrintableUtf8) {
  EXPECT_EQ(escaped("Grüße, 世界 \xF0\x9F\x98\x80"), "Grüße, 世界 \xF0\x9F\x98\x80");
}

TEST(Escape, WritesCEscapes) {
  EXPECT_EQ(escaped("a\r\n\tb\"c\\d"), R"(a\r\n\tb\"c\\d)");
}

TEST(Escape, WritesControlBytesInHexadecimal) {
  using namespace std::string_view_literals;
  EXPECT_EQ(escaped("\0\x1b[2J\x7f"sv), R"(\x00\x1b[2J\x7f)");
}

TEST(Escape, EscapesWhatControlsTerminalsLinesAndDirection) {
  for (const std::uint32_t character :
       {0x80U,   0x85U,   0x9BU,   0x9FU,    0x2028U, 0x2029U, 0x200EU,  0x200FU, 0x202AU, 0x202EU,
        0x2066U, 0x2069U, 0xFEFFU, 0xE0020U, 0xADU,   0x34FU,  0x61CU,   0x115FU, 0x180EU, 0x200BU,
        0x200DU, 0x2060U, 0x3164U, 0xFE0FU,  0xFFA0U, 0xFFFBU, 0xE0001U, 0xE01EFU}) {
    for (const char c : escaped(utf8(character))) {
      EXPECT_TRUE(c == '\\' || std::isalnum(static_cast<unsigned char>(c)))
          << std::hex << character;
    }
  }
  EXPECT_EQ(escaped(utf8(0x202E)), R"(\xe2\x80\xae)");
}

TEST(Escape, EscapesWhatIsNotUtf8ByteByByte) {
  EXPECT_EQ(escaped("\xff\x80z"), R"(\xff\x80z)");
  EXPECT_EQ(escaped("\xc3"), R"(\xc3)");                          // cut
  EXPECT_EQ(escaped("\xe2\x82z"), R"(\xe2\x82z)");                // cut, then ASCII
  EXPECT_EQ(escaped("\xc0\xaf"), R"(\xc0\xaf)");                  // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), R"(\xed\xa0\x80)");          // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), R"(\xf4\x90\x80\x80)");  // above U+10FFFF
}

TEST(Escape, PassesQuotesAndBackslashesWhereNothingQuotes) {
  EXPECT_EQ(escaped("key \"a\\b\"\n", {.quoted = false}), "key \"a\\b\"\\n");
}

TEST(Escape, NeverLetsAControlCharacterThrough) {
  for (std::uint32_t character = 0; character < 0x110000; ++character) {
    if (character >= 0xD800 && character < 0xE000) {
      continue;
    }
    const std::string bytes = utf8(character);
    const std::string result = escaped(bytes);
    ASSERT_TRUE(result == bytes || result.front() == '\\') << std::hex << character;
    ASSERT_TRUE(
        std::none_of(result.begin(), result.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
        << std::hex << character;
  }
}

TEST(Escape, TellsExactlyWhichBytesItStandsFor) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string bytes = random_bytes(random);
    ASSERT_EQ(unescaped(escaped(bytes)), bytes);
  }
}

TEST(Escape, JsonParsersReadWhatTextShows) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const std::string bytes = random_bytes(random);
    for (const bool quoted : {true, false}) {
      const auto json = '"' + escaped(bytes, {.quoted = quoted, .json = true}) + '"';
      ASSERT_EQ(nlohmann::json::parse(json), escaped(bytes, {.quoted = quoted}));
    }
  }
}

// Nothing if the bytes are not UTF-8.
std::optional<std::string> json_of(std::string_view bytes) {
  std::string text(escaped_room(bytes.size()), '\0');
  const char* const end = write_json(text.data(), bytes);
  if (end == nullptr) return std::nullopt;
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

TEST(Json, IsReadBackAndHasNoInvisibleCharacter) {
  for (std::uint32_t first = 1; first <= 0x10FFFF; first += 0x400) {
    std::string bytes;
    for (std::uint32_t character = first; character < first + 0x400; ++character) {
      if (character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF))
        bytes += utf8(character);
    }
    const auto json = json_of(bytes);
    ASSERT_TRUE(json);
    ASSERT_EQ(nlohmann::json::parse('"' + *json + '"').get<std::string>(), bytes);
  }
  EXPECT_EQ(json_of(utf8(0xE0041)), "\\udb40\\udc41");
  EXPECT_EQ(json_of(utf8(0x202E)), "\\u202e");
  EXPECT_EQ(json_of(utf8(0x1F600)), utf8(0x1F600));
}

TEST(Json, HasNoBytesThatAreNotUtf8) {
  for (const auto* const bytes : {"\x80", "a\xC3", "\xED\xA0\x80", "\xF5\x80\x80\x80"})
    EXPECT_EQ(json_of(bytes), std::nullopt);
}

TEST(WholeCharacters, ShowsAllThatIsNotAboveTheLimit) {
  EXPECT_EQ(whole_characters("abc", 3), 3U);
  EXPECT_EQ(whole_characters("abc", 4), 3U);
  EXPECT_EQ(whole_characters("", 0), 0U);
}

TEST(WholeCharacters, CutsBetweenCharacters) {
  EXPECT_EQ(whole_characters("abcd", 3), 3U);
  EXPECT_EQ(whole_characters("aäb", 1), 1U);
  EXPECT_EQ(whole_characters("aäb", 2), 1U);
  EXPECT_EQ(whole_characters("aäb", 3), 3U);
  EXPECT_EQ(whole_characters("\xF0\x9F\x98\x80", 3), 0U);
  EXPECT_EQ(whole_characters("x\xF0\x9F\x98\x80", 4), 1U);
  EXPECT_EQ(whole_characters("x\xF0\x9F\x98\x80y", 5), 5U);
}

TEST(WholeCharacters, CutsAtTheLimitWhatIsNotUtf8) {
  EXPECT_EQ(whole_characters("\x80\x80\x80\x80\x80\x80", 5), 5U);
  EXPECT_EQ(whole_characters("\xf0\xf0\xf0\xf0\xf0\xf0", 5), 5U);
  EXPECT_EQ(whole_characters("abc\xe2zz", 4), 4U);
}

}  // namespace
}  // namespace program
