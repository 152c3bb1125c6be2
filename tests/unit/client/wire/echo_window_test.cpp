#include "client/wire/echo_window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace client {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

void hand_over(EchoWindow& window, std::string_view text) {
  for (auto rest = bytes(text); !rest.empty();) {
    const auto room = window.room();
    ASSERT_FALSE(room.empty());
    const auto size = std::min(room.size(), rest.size());
    std::ranges::copy(rest.first(size), room.begin());
    window.handed_over(size);
    rest = rest.subspan(size);
  }
}

TEST(EchoWindow, MatchesWhatComesBackInOtherPieces) {
  EchoWindow window(16);
  hand_over(window, "hello ");
  hand_over(window, "world");
  EXPECT_EQ(window.verify(bytes("hello wo")).matched, 8U);
  EXPECT_EQ(window.outstanding(), 3U);
  EXPECT_FALSE(window.verify(bytes("rld")).mismatch);
  EXPECT_EQ(window.outstanding(), 0U);
  EXPECT_EQ(window.verified(), 11U);
}

TEST(EchoWindow, SaysWhereAByteIsWrongAndWhich) {
  EchoWindow window(16);
  hand_over(window, "hello");
  EXPECT_FALSE(window.verify(bytes("h")).mismatch);
  const auto verdict = window.verify(bytes("eLlo"));
  EXPECT_EQ(verdict.matched, 1U);
  ASSERT_TRUE(verdict.mismatch);
  EXPECT_EQ(verdict.mismatch->offset, 2U);
  EXPECT_EQ(verdict.mismatch->expected, std::byte{'l'});
  EXPECT_EQ(verdict.mismatch->got, std::byte{'L'});
}

TEST(EchoWindow, TakesMoreThanWasSentForAMismatch) {
  EchoWindow window(16);
  hand_over(window, "hi");
  const auto verdict = window.verify(bytes("hi!"));
  EXPECT_EQ(verdict.matched, 2U);
  ASSERT_TRUE(verdict.mismatch);
  EXPECT_EQ(verdict.mismatch->offset, 2U);
  EXPECT_FALSE(verdict.mismatch->expected);
}

TEST(EchoWindow, HasNoRoomUntilSomethingCameBack) {
  EchoWindow window(4);
  hand_over(window, "full");
  EXPECT_TRUE(window.full());
  EXPECT_TRUE(window.room().empty());
  static_cast<void>(window.verify(bytes("f")));
  EXPECT_EQ(window.room().size(), 1U);
}

TEST(EchoWindow, GivesWhatIsToBeSentInOrder) {
  EchoWindow window(4);
  hand_over(window, "abcd");
  window.sent(3);
  static_cast<void>(window.verify(bytes("abc")));
  hand_over(window, "ef");
  std::string sent;
  while (!window.unsent().empty()) {
    sent += static_cast<char>(window.unsent().front());
    window.sent(1);
  }
  EXPECT_EQ(sent, "def");
}

// Compares it with a plain string, for pieces of every size around the ring's end.
TEST(EchoWindow, AgreesWithAPlainStringOverManyTurns) {
  std::mt19937 random(1);
  EchoWindow window(61);
  std::string outstanding;
  for (int turn = 0; turn < 5000; ++turn) {
    const auto room = window.room();
    const auto size = room.empty() ? 0 : random() % room.size() + 1;
    for (std::size_t i = 0; i < size; ++i) {
      const auto value = static_cast<char>(random() & 0x7fU);
      room[i] = static_cast<std::byte>(value);
      outstanding += value;
    }
    window.handed_over(size);
    const auto back = random() % (outstanding.size() + 1);
    const auto verdict = window.verify(bytes(std::string_view(outstanding).substr(0, back)));
    ASSERT_EQ(verdict.matched, back);
    ASSERT_FALSE(verdict.mismatch);
    outstanding.erase(0, back);
    ASSERT_EQ(window.outstanding(), outstanding.size());
  }
}

}  // namespace
}  // namespace client
