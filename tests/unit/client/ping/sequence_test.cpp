#include "client/ping/sequence.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace client {
namespace {

using namespace std::chrono_literals;
using Arrival = Sequence::Arrival;

const Sequence::Time start = coro::Clock::now();

// Sends so many, a millisecond after the other.
Sequence of(int count) {
  Sequence sequence;
  for (int i = 1; i <= count; ++i)
    EXPECT_EQ(sequence.sent(start + i * 1ms), static_cast<std::uint64_t>(i));
  return sequence;
}

TEST(Sequence, CountsUntilAllAreReceived) {
  auto sequence = of(3);
  EXPECT_EQ(sequence.under_way(), 3U);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    EXPECT_EQ(sequence.oldest()->number, number);
    const auto arrived = sequence.arrived(number, start + 10ms);
    EXPECT_EQ(arrived.arrival, Arrival::received);
    EXPECT_FALSE(arrived.reordered);
    EXPECT_EQ(arrived.round_trip, 10ms - number * 1ms);
  }
  EXPECT_EQ(sequence.under_way(), 0U);
  EXPECT_FALSE(sequence.oldest());
}

TEST(Sequence, IsReorderedIfAHigherNumberWasReceivedBefore) {
  auto sequence = of(5);
  std::vector<bool> reordered;
  for (const std::uint64_t number : {2U, 1U, 4U, 5U, 3U})
    reordered.push_back(sequence.arrived(number, start + 10ms).reordered);
  EXPECT_EQ(reordered, (std::vector{false, true, false, false, true}));
}

TEST(Sequence, ReceivesANumberOnceAndThenDuplicates) {
  auto sequence = of(2);
  EXPECT_EQ(sequence.arrived(2, start).arrival, Arrival::received);
  const auto again = sequence.arrived(2, start);
  EXPECT_EQ(again.arrival, Arrival::duplicate);
  EXPECT_EQ(sequence.arrived(1, start).arrival, Arrival::received);
  const auto older = sequence.arrived(1, start);
  EXPECT_EQ(older.arrival, Arrival::duplicate);
  EXPECT_FALSE(older.reordered);
}

TEST(Sequence, IsLateOnceAfterItWasLost) {
  auto sequence = of(3);
  EXPECT_EQ(sequence.arrived(3, start + 5ms).arrival, Arrival::received);
  sequence.lose_oldest();
  EXPECT_EQ(sequence.oldest()->number, 2U);
  const auto late = sequence.arrived(1, start + 2s);
  EXPECT_EQ(late.arrival, Arrival::late);
  EXPECT_FALSE(late.reordered);
  EXPECT_EQ(late.round_trip, 2s - 1ms);
  EXPECT_EQ(sequence.arrived(1, start + 2s).arrival, Arrival::duplicate);
}

TEST(Sequence, DoesNotKnowNumbersThatWereNotSent) {
  auto sequence = of(3);
  EXPECT_EQ(sequence.arrived(0, start).arrival, Arrival::unknown);
  EXPECT_EQ(sequence.arrived(4, start).arrival, Arrival::unknown);
  EXPECT_EQ(sequence.under_way(), 3U);
}

TEST(Sequence, SettlesWhatIsUnderWayAndNothingElse) {
  auto sequence = of(3);
  EXPECT_TRUE(sequence.settle(2));
  EXPECT_FALSE(sequence.settle(2));
  EXPECT_FALSE(sequence.settle(0));
  EXPECT_FALSE(sequence.settle(4));
  EXPECT_EQ(sequence.under_way(), 2U);
  sequence.lose_oldest();
  EXPECT_EQ(sequence.oldest()->number, 3U);
}

TEST(Sequence, TakesWhatHasNoNumberForTheOldestUnderWayOrElseTheLatest) {
  auto sequence = of(2);
  EXPECT_EQ(sequence.oldest_or_latest(), 1U);
  EXPECT_EQ(sequence.arrived(1, start).arrival, Arrival::received);
  EXPECT_EQ(sequence.oldest_or_latest(), 2U);
  EXPECT_EQ(sequence.arrived(2, start).arrival, Arrival::received);
  EXPECT_EQ(sequence.oldest_or_latest(), 2U);
}

// J = J + (|D| - J) / 16, from arrival to arrival.
TEST(Sequence, HasTheJitterOfRfc3550) {
  auto sequence = of(4);
  EXPECT_EQ(sequence.jitter(), 0ns);
  static_cast<void>(sequence.arrived(1, start + 1ms + 10ms));
  EXPECT_EQ(sequence.jitter(), 0ns);
  static_cast<void>(sequence.arrived(2, start + 2ms + 26ms));
  EXPECT_EQ(sequence.jitter(), 1ms);
  static_cast<void>(sequence.arrived(3, start + 3ms + 10ms));
  EXPECT_EQ(sequence.jitter(), 1937500ns);
  static_cast<void>(sequence.arrived(3, start + 9ms));  // a duplicate has no part in it
  EXPECT_EQ(sequence.jitter(), 1937500ns);
}

TEST(Sequence, HasNoJitterIfEachTakesEquallyLong) {
  auto sequence = of(100);
  for (std::uint64_t number = 1; number <= 100; ++number)
    static_cast<void>(sequence.arrived(number, start + number * 1ms + 7ms));
  EXPECT_EQ(sequence.jitter(), 0ns);
}

TEST(Sequence, ForgetsTheOldestOfManyButNoneThatIsUnderWay) {
  Sequence sequence;
  const auto many = Sequence::remembered + 1000;
  for (std::uint64_t number = 1; number <= many; ++number) {
    sequence.sent(start);
    if (number > 1) static_cast<void>(sequence.arrived(number, start));
  }
  EXPECT_EQ(sequence.arrived(1, start).arrival, Arrival::received);
  for (int i = 0; i < 3; ++i)
    static_cast<void>(sequence.arrived(sequence.sent(start), start));
  EXPECT_EQ(sequence.arrived(1, start).arrival, Arrival::late);
  EXPECT_EQ(sequence.arrived(many, start).arrival, Arrival::duplicate);
  EXPECT_EQ(sequence.latest(), many + 3);
}

}  // namespace
}  // namespace client
