#include "client/ping/mtu_search.hpp"

#include <gtest/gtest.h>

#include <set>

namespace client {
namespace {

constexpr std::size_t least = 8;
constexpr std::size_t most = 65507;

// Asks a path on which all up to a size pass. Returns the number of tries.
int search_to_the_end(MtuSearch& search, std::size_t passing) {
  int tries = 0;
  while (const auto size = search.next()) {
    if (++tries > 100) ADD_FAILURE() << "does not end";
    if (tries > 100) break;
    EXPECT_GE(*size, least);
    EXPECT_LE(*size, most);
    *size <= passing ? search.passed() : search.failed();
  }
  return tries;
}

TEST(MtuSearch, FindsTheLargestThatPasses) {
  for (const std::size_t passing : {std::size_t{8}, std::size_t{9}, std::size_t{1000},
                                    std::size_t{1472}, std::size_t{8972}, most - 1, most}) {
    MtuSearch search(least, most);
    EXPECT_LE(search_to_the_end(search, passing), 19) << passing;
    EXPECT_EQ(search.largest(), passing);
  }
}

TEST(MtuSearch, FindsNothingIfTheSmallestDoesNotPass) {
  MtuSearch search(least, most);
  EXPECT_EQ(search_to_the_end(search, least - 1), 1);
  EXPECT_EQ(search.largest(), std::nullopt);
}

TEST(MtuSearch, TriesTheLimitThatARouterNamesNext) {
  MtuSearch search(least, most);
  search.passed();
  search.limited_to(1372);
  EXPECT_EQ(search.next(), 1372U);
  search.passed();
  EXPECT_EQ(search.next(), std::nullopt);
  EXPECT_EQ(search.largest(), 1372U);
}

TEST(MtuSearch, GoesOnBelowALimitThatIsTooHighAllTheSame) {
  MtuSearch search(least, most);
  search.passed();
  search.limited_to(1472);
  EXPECT_EQ(search.next(), 1472U);
  search.failed();
  search_to_the_end(search, 1400);
  EXPECT_EQ(search.largest(), 1400U);
}

TEST(MtuSearch, BelievesNoLimitBelowWhatHasPassed) {
  MtuSearch search(least, most);
  search.passed();
  while (search.next() < 32000U)
    search.passed();
  search.passed();
  search.limited_to(100);
  search_to_the_end(search, 40000);
  EXPECT_EQ(search.largest(), 40000U);
}

// Each of a few sizes fails the first time, though it would pass.
TEST(MtuSearch, GoesOnAboveASizeThatFailedByChance) {
  for (int unlucky = 1; unlucky <= 17; ++unlucky) {
    MtuSearch search(least, most);
    search.passed();
    for (int tries = 1; const auto size = search.next(); ++tries) {
      ASSERT_LT(tries, 100);
      *size <= 1472 && tries != unlucky ? search.passed() : search.failed();
    }
    EXPECT_EQ(search.largest(), 1472U) << unlucky;
  }
}

TEST(MtuSearch, AsksNothingTwiceThatIsCertain) {
  MtuSearch search(least, most);
  std::set<std::size_t> asked;
  while (const auto size = search.next()) {
    EXPECT_TRUE(asked.insert(*size).second) << *size;
    *size <= 1472 ? search.passed() : search.limited_to(*size - 1);
  }
  EXPECT_EQ(search.largest(), 1472U);
  EXPECT_LT(asked.size(), 19U);
}

}  // namespace
}  // namespace client
