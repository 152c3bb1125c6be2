#include "server/status/statistics.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using server::Ending;
using server::Statistics;

TEST(Statistics, RemembersTheMostThatWereActiveAtATime) {
  Statistics statistics;
  statistics.began();
  statistics.began();
  statistics.ended(Ending::closed_by_client);
  statistics.began();
  EXPECT_EQ(statistics.accepted, 3U);
  EXPECT_EQ(statistics.active, 2U);
  EXPECT_EQ(statistics.peak, 2U);
}

TEST(Statistics, CountsEachEndingByItself) {
  Statistics statistics;
  for (const Ending ending : {Ending::idle_timeout, Ending::idle_timeout, Ending::limit}) {
    statistics.began();
    statistics.ended(ending);
  }
  EXPECT_EQ(statistics.count(Ending::idle_timeout), 2U);
  EXPECT_EQ(statistics.count(Ending::limit), 1U);
  EXPECT_EQ(statistics.count(Ending::shutdown), 0U);
}

TEST(Statistics, ARefusedConnectionWasAcceptedAndNeverActive) {
  Statistics statistics;
  statistics.refused(Ending::not_allowed);
  EXPECT_EQ(statistics.accepted, 1U);
  EXPECT_EQ(statistics.active, 0U);
  EXPECT_EQ(statistics.peak, 0U);
  EXPECT_EQ(statistics.count(Ending::not_allowed), 1U);
  EXPECT_TRUE(is_refusal(Ending::not_allowed));
}

TEST(Ending, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t ending = 0; ending < server::ending_count; ++ending) {
    names.insert(to_string(static_cast<Ending>(ending)));
  }
  EXPECT_EQ(names.size(), server::ending_count);
}

}  // namespace
