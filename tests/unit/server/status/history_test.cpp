#include "server/status/history.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace server {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class HistoryTest : public testing::Test {
 protected:
  // Measurements at each quarter of a second, as the service makes them, until this time.
  void record_until(std::chrono::nanoseconds time, std::chrono::nanoseconds lag = 1us) {
    for (; time_ <= time; time_ += 250ms)
      history_.record(statistics_, tls_, lag, statistics_.started + time_);
  }
  json history(std::uint64_t after = 0) const {
    return json::parse("{" + history_.to_json(after) + "}");
  }
  json samples(std::uint64_t after = 0) const { return history(after)["samples"]; }
  // A field of the last sample.
  json last(const std::string& name) const {
    const json all = history();
    for (std::size_t index = 0; index < all["fields"].size(); ++index)
      if (all["fields"][index] == name) return all["samples"].back().at(index);
    ADD_FAILURE() << "no field " << name;
    return {};
  }

  Statistics statistics_;
  std::size_t tls_ = 0;
  History history_;
  std::chrono::nanoseconds time_{0};
};

TEST_F(HistoryTest, IsEmptyUntilTheFirstSecondIsOver) {
  EXPECT_TRUE(samples().empty());
  record_until(750ms);
  EXPECT_TRUE(samples().empty());
  record_until(1s);
  EXPECT_EQ(samples().size(), 1U);
}

TEST_F(HistoryTest, HasASampleForEachSecondAndAFigureForEachField) {
  record_until(10s);
  const json all = history();
  ASSERT_EQ(all["samples"].size(), 10U);
  for (std::size_t second = 1; second <= 10; ++second) {
    const json& sample = all["samples"][second - 1];
    EXPECT_EQ(sample.size(), all["fields"].size());
    EXPECT_EQ(sample[0], second * 1000);
    EXPECT_EQ(sample[1], 1000);
  }
}

TEST_F(HistoryTest, KeepsFiveMinutes) {
  record_until(400s);
  EXPECT_EQ(samples().size(), 300U);
  EXPECT_EQ(samples()[0][0], 101000);
  EXPECT_EQ(last("at"), 400000);
}

TEST_F(HistoryTest, CountsInEachSampleOnlyItsOwnEvents) {
  statistics_.reads = 5;
  record_until(0s);
  statistics_.reads = 12;
  statistics_.bytes_received = 700;
  statistics_.bytes_sent = 600;
  statistics_.handshakes = 3;
  statistics_.udp = {.received = 9, .answered = 8, .bytes_received = 90, .bytes_sent = 80};
  statistics_.udp.refused(UdpRefusal::rate, 4);
  statistics_.began();
  statistics_.began();
  statistics_.ended(Ending::reset_by_client);
  statistics_.refused(Ending::not_allowed);
  tls_ = 1;
  record_until(1s);
  EXPECT_EQ(last("reads"), 7);
  EXPECT_EQ(last("bytes_received"), 700);
  EXPECT_EQ(last("bytes_sent"), 600);
  EXPECT_EQ(last("accepted"), 3);
  EXPECT_EQ(last("handshakes"), 3);
  EXPECT_EQ(last("active"), 1);
  EXPECT_EQ(last("tls_active"), 1);
  EXPECT_EQ(last("refused_not_allowed"), 1);
  EXPECT_EQ(last("refused_limit"), 0);
  EXPECT_EQ(last("ended_reset_by_client"), 1);
  EXPECT_EQ(last("udp_received"), 9);
  EXPECT_EQ(last("udp_answered"), 8);
  EXPECT_EQ(last("udp_bytes_received"), 90);
  EXPECT_EQ(last("udp_bytes_sent"), 80);
  EXPECT_EQ(last("udp_refused_rate"), 4);
  record_until(2s);
  EXPECT_EQ(last("reads"), 0);
  EXPECT_EQ(last("active"), 1);
}

TEST_F(HistoryTest, HasTheLongestLagOfEachSecond) {
  record_until(0s);
  record_until(250ms, 30ms);
  record_until(1s, 2ms);
  EXPECT_EQ(last("lag"), 30000);
  record_until(2s, 2ms);
  EXPECT_EQ(last("lag"), 2000);
}

TEST_F(HistoryTest, ASampleThatTakesLongerHasItsLength) {
  record_until(1s);
  time_ = 4s;
  record_until(4s);
  EXPECT_EQ(last("span"), 3000);
}

TEST_F(HistoryTest, AMeasurementThatComesEarlyEndsItsSample) {
  record_until(0s);
  time_ = 990ms;
  record_until(990ms);
  EXPECT_EQ(last("span"), 990);
}

TEST_F(HistoryTest, BeginsAnewAfterItWasCleared) {
  record_until(5s);
  history_.clear();
  EXPECT_TRUE(samples().empty());
  record_until(6250ms);
  EXPECT_EQ(samples().size(), 1U);
}

}  // namespace
}  // namespace server
