#include "client/ping/ping_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace client {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const Target target{"localhost", "8888"};
const boost::asio::ip::tcp::endpoint peer(boost::asio::ip::address_v4::loopback(), 8888);

PingTally some_tally() {
  PingTally tally;
  tally.sent = 5;
  tally.received = 3;
  tally.lost = 1;
  tally.mismatched = 0;
  tally.under_way = 1;
  tally.elapsed = 4003ms;
  for (const auto time : {100us, 200us, 300us})
    tally.round_trips.record(time);
  tally.connect_times.record(50us);
  return tally;
}

TEST(PingTally, LeavesOutOfTheLossWhatIsUnderWay) {
  EXPECT_EQ(some_tally().loss(), 25);
}

TEST(PingTally, CountsBytesBeyondTheLastEchoAsWrongButNotAsAnEcho) {
  PingTally tally;
  tally.sent = tally.received = 3;
  tally.mismatched = 3;
  EXPECT_EQ(tally.loss(), 0);
  EXPECT_FALSE(tally.clean());
}

TEST(PingTally, IsCleanOnlyIfSomethingCameBackAndNothingIsLostOrWrong) {
  PingTally tally;
  EXPECT_FALSE(tally.clean());
  tally.received = 1;
  EXPECT_TRUE(tally.clean());
  tally.mismatched = 1;
  EXPECT_FALSE(tally.clean());
  EXPECT_FALSE(some_tally().clean());
}

TEST(PingText, ShowsALineForEachEcho) {
  PingReport report(false);
  EXPECT_EQ(report.connected({peer, 120us}), "connected to 127.0.0.1:8888 in 0.120 ms");
  EXPECT_EQ(report.reply(3, 56, 214us, ReplyKind::in_time),
            "56 bytes from 127.0.0.1:8888: seq=3 time=0.214 ms");
  EXPECT_EQ(report.lost(4, 1s), "no echo from 127.0.0.1:8888: seq=4 after 1000 ms");
}

TEST(PingText, ShowsEachGapWithItsBeginningAndLength) {
  const PingReport text(false);
  const PingReport objects(true);
  const Gap gap{std::chrono::system_clock::time_point(1700000000s + 25ms), 1203ms, 4};
  EXPECT_EQ(
      text.gap(gap),
      "reconnected after 1203 ms without a connection, since 2023-11-14T22:13:20.025Z: 4 lost");
  EXPECT_EQ(objects.gap(gap),
            R"({"event":"gap","began":"2023-11-14T22:13:20.025Z","gap_ms":1203.0,"lost":4})");
}

TEST(PingText, CountsTheGaps) {
  auto tally = some_tally();
  EXPECT_THAT(PingReport(false).summary(target, tally), Not(HasSubstr("gap")));
  tally.gaps.count = 2;
  tally.gaps.add(1203ms);
  tally.gaps.add(100ms);
  EXPECT_THAT(PingReport(false).summary(target, tally),
              HasSubstr("\n2 gaps without a connection, longest 1203 ms, 1303 ms in all\n"));
  EXPECT_THAT(PingReport(true).summary(target, tally),
              HasSubstr(R"("gaps":2,"longest_gap_ms":1203.0,"all_gaps_ms":1303.0)"));
  tally.gaps.is_open = true;
  EXPECT_THAT(PingReport(false).summary(target, tally), HasSubstr("the last one not over"));
}

TEST(PingText, BeginsWithTheTimeIfAsked) {
  const std::chrono::system_clock::time_point now(1700000000s + 42us);
  EXPECT_EQ(stamped("56 bytes", now, false), "[1700000000.000042] 56 bytes");
  EXPECT_EQ(stamped(R"({"event":"reply"})", now, true),
            R"({"time":1700000000.000042,"event":"reply"})");
}

TEST(PingText, SumsUp) {
  PingReport report(false);
  EXPECT_EQ(report.summary(target, some_tally()),
            "--- localhost:8888 echo statistics ---\n"
            "5 sent, 3 received, 0 mismatched, 1 lost (25% loss), time 4003 ms, 1 still under way\n"
            "connect min/avg/max = 0.050/0.050/0.050 ms, 1 connection\n"
            "round trip min/avg/max/mdev = 0.100/0.200/0.300/0.082 ms\n"
            "round trip p50/p95/p99 = 0.201/0.300/0.300 ms");
}

PingTally some_tally_by_udp() {
  auto tally = some_tally();
  tally.connect_times = {};
  tally.datagrams = DatagramTally{.duplicates = 2, .reordered = 1, .late = 1, .jitter = 50us};
  return tally;
}

TEST(PingText, SumsUpByUdp) {
  PingReport report(false);
  auto tally = some_tally_by_udp();
  EXPECT_EQ(report.summary(target, tally),
            "--- localhost:8888 echo statistics ---\n"
            "5 sent, 3 received, 0 mismatched, 1 lost (25% loss), time 4003 ms, 1 still under way\n"
            "2 duplicates, 1 reordered, 1 late\n"
            "round trip min/avg/max/mdev = 0.100/0.200/0.300/0.082 ms\n"
            "round trip p50/p95/p99 = 0.201/0.300/0.300 ms\n"
            "jitter 0.050 ms");
  tally.datagrams->foreign = 4;
  tally.datagrams->errors = 1;
  EXPECT_THAT(report.summary(target, tally), HasSubstr("1 late, 4 foreign, 1 error\n"));
}

TEST(PingText, ShowsHowADatagramCameBack) {
  PingReport report(false);
  EXPECT_EQ(report.started({"::1", "7"}, 56), "sending 56 bytes by UDP to [::1]:7");
  EXPECT_EQ(report.reply(3, 56, 1ms, ReplyKind::reordered),
            "56 bytes from [::1]:7: seq=3 time=1.000 ms (out of order)");
  EXPECT_EQ(report.reply(3, 56, 1ms, ReplyKind::duplicate),
            "56 bytes from [::1]:7: seq=3 time=1.000 ms (duplicate)");
  EXPECT_EQ(report.foreign(9), "9 bytes from [::1]:7: no echo of this run");
}

TEST(PingJson, HasTheCountsOfDatagramsInsteadOfConnections) {
  PingReport report(true);
  const auto summary = json::parse(report.summary(target, some_tally_by_udp()));
  EXPECT_EQ(summary["received"], 3);
  EXPECT_EQ(summary["lost"], 1);
  EXPECT_EQ(summary["duplicates"], 2);
  EXPECT_EQ(summary["reordered"], 1);
  EXPECT_EQ(summary["late"], 1);
  EXPECT_EQ(summary["jitter"], 0.05);
  EXPECT_FALSE(summary.contains("connections"));
}

TEST(PingText, HasNoNumbersForNothing) {
  PingReport report(false);
  const auto text = report.summary(target, {});
  EXPECT_THAT(text, HasSubstr("0 sent, 0 received, 0 mismatched, 0 lost (0% loss)"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("round trip")));
}

TEST(PingText, ShowsTheHandshakeOfTlsApart) {
  PingReport report(false);
  EXPECT_EQ(report.connected({peer, 120us, 2300us, "TLSv1.3 X"}),
            "connected to 127.0.0.1:8888 in 0.120 ms, TLSv1.3 X in 2.300 ms");
  auto tally = some_tally();
  tally.handshake_times.record(2ms);
  EXPECT_THAT(report.summary(target, tally), HasSubstr("\nhandshake min/avg/max = 2."));
}

TEST(PingJson, ShowsTheHandshakeOfTlsApart) {
  PingReport report(true);
  const auto connected = json::parse(report.connected({peer, 120us, 2300us, "TLSv1.3 X"}));
  EXPECT_EQ(connected["connect_ms"], 0.12);
  EXPECT_EQ(connected["handshake_ms"], 2.3);
  EXPECT_EQ(connected["tls"], "TLSv1.3 X");
  auto tally = some_tally();
  EXPECT_FALSE(json::parse(report.summary(target, tally)).contains("handshake_ms"));
  tally.handshake_times.record(2ms);
  EXPECT_NEAR(json::parse(report.summary(target, tally))["handshake_ms"]["max"].get<double>(), 2,
              0.1);
}

TEST(PingJson, IsAnObjectForEachEvent) {
  PingReport report(true);
  EXPECT_EQ(json::parse(report.connected({peer, 120us})),
            (json{{"event", "connected"}, {"peer", "127.0.0.1:8888"}, {"connect_ms", 0.12}}));
  EXPECT_EQ(json::parse(report.reply(3, 56, 214us, ReplyKind::in_time)),
            (json{{"event", "reply"}, {"seq", 3}, {"bytes", 56}, {"time_ms", 0.214}}));
  EXPECT_EQ(json::parse(report.reply(3, 56, 2s, ReplyKind::late))["event"], "late");
  EXPECT_EQ(json::parse(report.lost(3, 1s)),
            (json{{"event", "lost"}, {"seq", 3}, {"wait_ms", 1000.0}}));
  EXPECT_EQ(json::parse(report.failed({FailureClass::reset, "a \"text\""}))["class"], "reset");
}

TEST(PingJson, SumsUp) {
  PingReport report(true);
  const auto summary = json::parse(report.summary(target, some_tally()));
  EXPECT_EQ(summary["sent"], 5);
  EXPECT_EQ(summary["loss_percent"], 25);
  EXPECT_EQ(summary["round_trip_ms"]["max"], 0.3);
  EXPECT_TRUE(json::parse(report.summary(target, {}))["round_trip_ms"].is_null());
}

}  // namespace
}  // namespace client
