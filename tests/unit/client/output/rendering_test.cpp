#include "client/output/rendering.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdlib>
#include <string>

namespace client {
namespace {

using namespace std::string_view_literals;

class Rendering : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(Rendering, ShowsTextAsItIs) {
  EXPECT_EQ(escaped("grüße \\ 漢字"), "grüße \\ 漢字");
}

TEST_F(Rendering, LetsNoControlCharacterThrough) {
  EXPECT_EQ(escaped("a\033[2Jb\r\n\t\0\x7f"sv), "a\\x1b[2Jb\\r\\n\\t\\x00\\x7f");
  EXPECT_EQ(escaped("\u009b2J"), "\\xc2\\x9b2J");  // CSI as one character
}

TEST_F(Rendering, ShowsInvalidUtf8AsBytes) {
  EXPECT_EQ(escaped("\xff\xc3("), "\\xff\\xc3(");
  EXPECT_EQ(escaped("cut off: \xe6\xbc"), "cut off: \\xe6\\xbc");
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf");
}

TEST_F(Rendering, ShowsWhatIsInvisibleAsBytes) {
  for (const std::string character :
       {"\u061c", "\u00ad", "\u200b", "\u200d", "\u200f", "\u2028", "\u202e", "\u2060", "\u2066",
        "\u2069", "\u3164", "\ufe0f", "\ufeff", "\ufff9", "\U000e0041", "\U000e0100"}) {
    EXPECT_EQ(escaped("a" + character + "b").substr(0, 3), "a\\x") << character;
    EXPECT_TRUE(escaped(character + "b").ends_with("b"));
  }
}

TEST(HexDump, HasSixteenBytesARow) {
  EXPECT_EQ(hex_dump("0123456789abcdef\n"),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
            "00000010  0a                                                |.|\n");
}

TEST(HexDump, IsNothingForNothing) {
  EXPECT_EQ(hex_dump(""), "");
}

TEST(Style, IsNothingWithoutColour) {
  EXPECT_EQ(Style(false).bad("text"), "text");
  EXPECT_EQ(Style(true).bad("text"), "\033[31mtext\033[0m");
}

TEST(Style, HasNoColourWhereThereIsNoTerminal) {
  std::FILE* const file = std::tmpfile();
  EXPECT_FALSE(Style::of(::fileno(file)).coloured());
  std::fclose(file);
}

}  // namespace
}  // namespace client
