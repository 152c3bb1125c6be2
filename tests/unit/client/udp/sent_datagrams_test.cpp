#include "client/udp/sent_datagrams.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace client {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using ArrivalKind = SentDatagrams::Arrival::Kind;
using TimePoint = coro::Clock::time_point;

const TimePoint start{1h};

class ASocketsDatagrams : public testing::Test {
 protected:
  void send(int count, TimePoint now = start) {
    for (int i = 0; i < count; ++i)
      datagrams_.sent(now, now);
  }

  std::vector<TimePoint> expired(TimePoint now) {
    std::vector<TimePoint> lost;
    datagrams_.expire(now, [&](TimePoint due) { lost.push_back(due); });
    return lost;
  }

  SentDatagrams datagrams_{1s};
};

TEST_F(ASocketsDatagrams, AreUnderWayUntilTheyAreBack) {
  send(2);
  EXPECT_EQ(datagrams_.next(), 3U);
  EXPECT_EQ(datagrams_.under_way(), 2U);
  EXPECT_EQ(datagrams_.arrived(1, start + 1ms).kind, ArrivalKind::echo);
  EXPECT_EQ(datagrams_.under_way(), 1U);
  EXPECT_EQ(datagrams_.in_window(), 1U);
}

TEST_F(ASocketsDatagrams, KeepTheTimeAtWhichTheyWereDue) {
  datagrams_.sent(start, start + 5ms);
  EXPECT_EQ(datagrams_.arrived(1, start + 7ms).due, start);
}

TEST_F(ASocketsDatagrams, CountOnceHoweverOftenTheyComeBack) {
  send(1);
  EXPECT_EQ(datagrams_.arrived(1, start).kind, ArrivalKind::echo);
  EXPECT_EQ(datagrams_.arrived(1, start).kind, ArrivalKind::duplicate);
  EXPECT_EQ(datagrams_.arrived(1, start).kind, ArrivalKind::duplicate);
  EXPECT_EQ(datagrams_.under_way(), 0U);
}

TEST_F(ASocketsDatagrams, AreReorderedIfALaterOneCameBefore) {
  send(3);
  EXPECT_FALSE(datagrams_.arrived(2, start).reordered);
  EXPECT_TRUE(datagrams_.arrived(1, start).reordered);
  EXPECT_FALSE(datagrams_.arrived(3, start).reordered);
}

TEST_F(ASocketsDatagrams, AreLostAfterTheTimeThatAnEchoMayTake) {
  send(1, start);
  send(2, start + 500ms);
  EXPECT_EQ(datagrams_.arrived(2, start + 501ms).kind, ArrivalKind::echo);
  EXPECT_THAT(expired(start + 1s), IsEmpty());
  EXPECT_THAT(expired(start + 1001ms), ElementsAre(start));
  EXPECT_THAT(expired(start + 2s), ElementsAre(start + 500ms));
  EXPECT_EQ(datagrams_.under_way(), 0U);
  EXPECT_EQ(datagrams_.in_window(), 0U);
}

TEST_F(ASocketsDatagrams, HaveExpiredOnlyIfTheyAreUnderWay) {
  send(2);
  datagrams_.arrived(1, start);
  EXPECT_FALSE(datagrams_.has_expired(start + 1s));
  EXPECT_TRUE(datagrams_.has_expired(start + 1001ms));
  EXPECT_EQ(datagrams_.arrived(2, start + 1001ms).kind, ArrivalKind::echo);
  EXPECT_FALSE(datagrams_.has_expired(start + 2s));
}

TEST_F(ASocketsDatagrams, AreLateIfTheyComeBackWhenTheyAreLost) {
  send(1);
  EXPECT_THAT(expired(start + 2s), ElementsAre(start));
  EXPECT_EQ(datagrams_.arrived(1, start + 2s).kind, ArrivalKind::late);
}

TEST_F(ASocketsDatagrams, AreNotKnownIfTheyWereNeverSent) {
  send(3);
  EXPECT_EQ(datagrams_.arrived(0, start).kind, ArrivalKind::unknown);
  EXPECT_EQ(datagrams_.arrived(4, start).kind, ArrivalKind::unknown);
  EXPECT_EQ(datagrams_.arrived(0xffffffffU, start).kind, ArrivalKind::unknown);
}

TEST_F(ASocketsDatagrams, AreAllRememberedHoweverManyAreUnderWay) {
  send(1000);
  for (std::uint32_t number = 1; number <= 1000; ++number)
    EXPECT_EQ(datagrams_.arrived(number, start).kind, ArrivalKind::echo) << number;
  EXPECT_EQ(datagrams_.arrived(1, start).kind, ArrivalKind::duplicate);
}

// By RFC 6298 the first echo allows one and a half of its own time to each side.
TEST_F(ASocketsDatagrams, LeaveTheWindowWhenTheyAreLateByTheTimesOfOthers) {
  send(2);
  datagrams_.arrived(1, start + 10ms);
  datagrams_.move_window(start + 29ms);
  EXPECT_EQ(datagrams_.in_window(), 1U);
  datagrams_.move_window(start + 30ms);
  EXPECT_EQ(datagrams_.in_window(), 0U);
  EXPECT_EQ(datagrams_.under_way(), 1U);
  EXPECT_EQ(datagrams_.arrived(2, start + 31ms).kind, ArrivalKind::echo);
  EXPECT_EQ(datagrams_.in_window(), 0U);
}

TEST_F(ASocketsDatagrams, AreGivenTwiceTheTimeAfterOneWasLate) {
  send(2);
  datagrams_.arrived(1, start + 10ms);
  datagrams_.move_window(start + 30ms);
  send(1, start + 30ms);
  datagrams_.move_window(start + 89ms);
  EXPECT_EQ(datagrams_.in_window(), 1U);
  datagrams_.move_window(start + 90ms);
  EXPECT_EQ(datagrams_.in_window(), 0U);
}

TEST_F(ASocketsDatagrams, AreAllLostInTheEnd) {
  send(3);
  datagrams_.arrived(2, start);
  int lost = 0;
  datagrams_.expire_all([&](TimePoint) { ++lost; });
  EXPECT_EQ(lost, 2);
  EXPECT_EQ(datagrams_.under_way(), 0U);
}

}  // namespace
}  // namespace client
