#include "client/terminal/line_layout.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <string>

namespace client {
namespace {

class LineLayoutTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

// The rows, each with a | at its end.
std::string rows_of(const LineLayout& layout) {
  std::string text;
  for (const auto& row : layout.rows)
    text += row.prompt + row.text + '|';
  return text;
}

std::string rows_of(std::wstring_view line, std::size_t columns) {
  return rows_of(lay_out(L"", line, 0, columns));
}

TEST_F(LineLayoutTest, BeginsARowWhereOneIsFull) {
  EXPECT_EQ(rows_of(lay_out(L"> ", L"abcdef", 0, 4)), "> ab|cdef||");
  EXPECT_EQ(rows_of(lay_out(L"long> ", L"x", 0, 4)), "long|> x|");
  EXPECT_EQ(rows_of(L"", 80), "|");
}

TEST_F(LineLayoutTest, FindsTheCursor) {
  const auto at = [](std::size_t cursor) {
    const auto layout = lay_out(L"> ", L"abcdef", cursor, 4);
    return std::pair(layout.cursor_row, layout.cursor_column);
  };
  EXPECT_EQ(at(0), std::pair(std::size_t{0}, std::size_t{2}));
  EXPECT_EQ(at(2), std::pair(std::size_t{1}, std::size_t{0}));
  EXPECT_EQ(at(6), std::pair(std::size_t{2}, std::size_t{0}));
}

TEST_F(LineLayoutTest, CountsTheColumnsOfEachCharacter) {
  EXPECT_EQ(rows_of(L"a\tb", 80), "a       b|");
  EXPECT_EQ(rows_of(L"\x6f22\x5b57\x6f22", 5),
            "\u6f22\u5b57|\u6f22|");  // the third does not fit beside two
  EXPECT_EQ(rows_of(L"e\u0301e", 3),
            "e\u0301"
            "e|");  // an accent has no width
  EXPECT_EQ(lay_out(L"", L"\x6f22", 1, 80).cursor_column, 2U);
}

TEST_F(LineLayoutTest, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(rows_of(L"\x01\x1b\x7f", 80), R"(^A^[\x7f|)");
  EXPECT_EQ(rows_of(L"\u202e\xdcff", 80), R"(\xe2\x80\xae\xff|)");
}

TEST_F(LineLayoutTest, BeginsARowAtALineEnd) {
  EXPECT_EQ(rows_of(L"found\nbck:fo", 80), "found|bck:fo|");
}

TEST_F(LineLayoutTest, HasNoRowWiderThanTheNarrowestScreen) {
  for (std::size_t columns = 1; columns < 12; ++columns) {
    const auto layout = lay_out(L"127.0.0.1:7> ", L"a\t\x01\u202e\x6f22\u0301z", 3, columns);
    for (const auto& row : layout.rows) {
      EXPECT_LE(row.width, columns);
      EXPECT_EQ(row.wraps, row.width == columns);
    }
  }
  EXPECT_EQ(rows_of(L"\x6f22", 1), "?||");
}

}  // namespace
}  // namespace client
