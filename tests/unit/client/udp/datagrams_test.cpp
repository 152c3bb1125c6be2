#include "client/udp/datagrams.hpp"

#include <gtest/gtest.h>

#include <set>

namespace client {
namespace {

constexpr std::uint32_t tag = 0x11223344;
using Kind = Datagrams::Kind;

TEST(Datagrams, BeginWithTheNumberAndTheTag) {
  const auto payload = Datagrams(10, tag).payload(0x0a0b0c0d);
  const std::vector<unsigned> expected = {0x0d, 0x0c, 0x0b, 0x0a, 0x44, 0x33, 0x22, 0x11};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(std::to_integer<unsigned>(payload[i]), expected[i]) << i;
}

TEST(Datagrams, AreRecognisedWhateverTheirSize) {
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 56U, 65507U}) {
    const Datagrams datagrams(size, tag);
    const auto found = datagrams.recognise(datagrams.payload(200), 250);
    EXPECT_EQ(found.kind, Kind::echo) << size;
    EXPECT_EQ(found.number, 200U) << size;
  }
}

TEST(Datagrams, HaveNoNumberIfTheyAreEmpty) {
  const auto found = Datagrams(0, tag).recognise({}, 3);
  EXPECT_EQ(found.kind, Kind::echo);
  EXPECT_EQ(found.number, std::nullopt);
}

TEST(Datagrams, OfTooFewBytesForTheNumberAreTheLatestOfThatRemainder) {
  const Datagrams one(1, tag);
  EXPECT_EQ(one.recognise(one.payload(700), 700).number, 700U);
  EXPECT_EQ(one.recognise(one.payload(445), 700).number, 445U);
  EXPECT_EQ(one.recognise(one.payload(444), 700).number, 700U);  // 256 numbers later
}

TEST(Datagrams, GoOnBeyondFourBytesOfNumbers) {
  const Datagrams datagrams(56, tag);
  const std::uint64_t latest = (std::uint64_t{3} << 32U) + 5;
  for (const auto number : {latest, latest - 5, latest - 6, latest - 1000})
    EXPECT_EQ(datagrams.recognise(datagrams.payload(number), latest).number, number);
}

TEST(Datagrams, OfAnotherRunAreForeign) {
  const Datagrams datagrams(56, tag);
  EXPECT_EQ(datagrams.recognise(Datagrams(56, tag + 1).payload(3), 3).kind, Kind::foreign);
  EXPECT_EQ(datagrams.recognise(Datagrams(5, tag + 1).payload(3), 3).kind, Kind::foreign);
  EXPECT_EQ(datagrams.recognise({}, 3).kind, Kind::foreign);
  EXPECT_EQ(Datagrams(0, tag).recognise(datagrams.payload(1), 3).kind, Kind::foreign);
}

TEST(Datagrams, AreChangedIfTheTagIsRightAndAnyOtherByteIsNot) {
  const Datagrams datagrams(56, tag);
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    auto payload = datagrams.payload(3);
    payload[i] ^= std::byte{1};
    const bool is_in_the_tag = 4 <= i && i < 8;
    EXPECT_EQ(datagrams.recognise(payload, 3).kind, is_in_the_tag ? Kind::foreign : Kind::changed)
        << i;
  }
}

TEST(Datagrams, AreChangedIfTheyAreCutOrGrow) {
  const Datagrams datagrams(56, tag);
  const auto payload = datagrams.payload(3);
  for (const std::size_t size : {8U, 9U, 55U}) {
    const auto found = datagrams.recognise(std::span(payload).first(size), 3);
    EXPECT_EQ(found.kind, Kind::changed) << size;
    EXPECT_EQ(found.number, 3U) << size;
  }
  auto longer = payload;
  longer.push_back({});
  EXPECT_EQ(datagrams.recognise(longer, 3).kind, Kind::changed);
}

TEST(Datagrams, OfANumberThatWasNotSentAreChangedAndHaveNone) {
  const Datagrams datagrams(56, tag);
  for (const std::uint64_t number : {0U, 4U, 100U}) {
    const auto found = datagrams.recognise(datagrams.payload(number), 3);
    EXPECT_EQ(found.kind, Kind::changed) << number;
    EXPECT_EQ(found.number, std::nullopt) << number;
  }
}

TEST(Datagrams, HaveTheirNumberInTheBeginningThatAnErrorQuotes) {
  const Datagrams datagrams(56, tag);
  const auto payload = datagrams.payload(3);
  EXPECT_EQ(datagrams.number_in(std::span(payload).first(8), 5), 3U);
  EXPECT_EQ(datagrams.number_in(payload, 5), 3U);
  EXPECT_EQ(datagrams.number_in(std::span(payload).first(7), 5), std::nullopt);
  EXPECT_EQ(datagrams.number_in({}, 5), std::nullopt);
  EXPECT_EQ(datagrams.number_in(Datagrams(56, tag + 1).payload(3), 5), std::nullopt);
}

TEST(Datagrams, HaveAnotherTagInEachRun) {
  std::set<std::uint32_t> tags;
  for (int i = 0; i < 10; ++i)
    tags.insert(Datagrams::random_tag());
  EXPECT_GT(tags.size(), 8U);
}

}  // namespace
}  // namespace client
