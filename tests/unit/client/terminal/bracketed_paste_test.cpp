#include "client/terminal/bracketed_paste.hpp"

#include <gtest/gtest.h>

#include <string>

namespace client {
namespace {

// Pasted text stands between angle brackets.
std::string strokes_of(std::string_view bytes, BracketedPaste paste = {}) {
  std::deque<Stroke> strokes;
  for (const char byte : bytes)
    paste.take(byte, strokes);
  std::string text;
  for (const auto& stroke : strokes) {
    if (stroke.kind == Stroke::Kind::paste_begins) text += '<';
    if (stroke.kind == Stroke::Kind::paste_ends) text += '>';
    if (stroke.byte != '\0') text += stroke.byte;
  }
  return text;
}

TEST(BracketedPaste, TellsWhatIsPasted) {
  EXPECT_EQ(strokes_of("a\033[200~b\tc\033[201~d"), "a<b\tc>d");
  EXPECT_EQ(strokes_of("\033[200~\033[201~"), "<>");
}

TEST(BracketedPaste, LeavesOtherSequencesAlone) {
  EXPECT_EQ(strokes_of("\033[A\033[20~\033\033[200~x\033[201~"), "\033[A\033[20~\033<x>");
  EXPECT_EQ(strokes_of("\033[200~\033[A\033\033[201~y"), "<\033[A\033>y");
  EXPECT_EQ(strokes_of("\033[200~\033[200~\033[201~"), "<\033[200~>");
}

// The strokes after these bytes and the end of the paste.
std::string strokes_after(std::string_view given_up, std::string_view bytes) {
  BracketedPaste paste;
  std::deque<Stroke> ignored;
  for (const char byte : given_up)
    paste.take(byte, ignored);
  paste.give_up();
  return strokes_of(bytes, paste);
}

TEST(BracketedPaste, TakesWhatFollowsAPasteThatIsGivenUpAsTyped) {
  EXPECT_EQ(strokes_after("\033[200~a", "b\tc"), "b\tc");
  EXPECT_EQ(strokes_after("\033[200~a", "b\033[201~c\033[200~d\033[201~"), "bc<d>");
  EXPECT_EQ(strokes_after("\033[200~a\033[20", "1~c"), "c");
  EXPECT_EQ(strokes_after("\033", "c"), "c");
}

TEST(BracketedPaste, HoldsBackOnlyWhatMayBeASequence) {
  EXPECT_EQ(strokes_of("ab\033[2"), "ab");
  EXPECT_EQ(strokes_of("ab\033[2x"), "ab\033[2x");
}

}  // namespace
}  // namespace client
