#include "program/escape.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

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

TEST(Escape, PassesPrintableAscii) {
  EXPECT_EQ(escaped("GET /x?a=b HTTP/1.1 ~!'<>"), "GET /x?a=b HTTP/1.1 ~!'<>");
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
