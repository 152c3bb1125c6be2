#include "client/terminal/wide_text.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <random>
#include <string>

namespace client {
namespace {

using namespace std::string_view_literals;

class WideText : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(WideText, HasACharacterForEachOfTheEncoding) {
  EXPECT_EQ(widened("gr\xc3\xbc\xc3\x9f"
                    "e \xe6\xbc\xa2 \xf0\x9f\x98\x80"),
            L"gr\u00fc\u00dfe \u6f22 \U0001f600");
}

TEST_F(WideText, KeepsBytesThatAreNoCharacter) {
  EXPECT_EQ(widened("a\xff\xc3(\xe6\xbc"), L"a\xdcff\xdcc3(\xdce6\xdcbc");
  EXPECT_EQ(widened("\0"sv), L"\xdc00");
}

// The editor would take them for keys.
TEST_F(WideText, KeepsControlCharactersOfEightBitsAsBytes) {
  EXPECT_EQ(widened("\xc2\x9b"), L"\xdcc2\xdc9b");
}

TEST_F(WideText, LosesNothingAfterWhatIsNoCharacter) {
  WideDecoder decoder;
  EXPECT_EQ(decoder.take('\xe6'), L"");
  EXPECT_EQ(decoder.take('\n'), L"\xdce6\n");
}

TEST_F(WideText, GivesBackExactlyTheBytes) {
  std::mt19937 random(1);
  const std::string often = "\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80\xed\xb2\x80\xc2\x9b";
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 20, '\0');
    for (char& byte : bytes)
      byte = random() % 2 == 0 ? often[random() % often.size()] : static_cast<char>(random());
    ASSERT_EQ(narrowed(widened(bytes)), bytes);
  }
}

}  // namespace
}  // namespace client
