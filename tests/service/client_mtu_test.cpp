#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/service/client.hpp"
#include "tests/service/lossy_path.hpp"
#include "tests/service/process.hpp"

// coroecho-client --ping --udp --mtu.
namespace service {
namespace {

using namespace std::chrono_literals;
using Fate = LossyPath::Fate;

std::vector<std::string> mtu(std::uint16_t port, std::vector<std::string> more = {}) {
  more.insert(more.begin(),
              {COROECHO_CLIENT, "--ping", "--udp", "--mtu", "127.0.0.1", std::to_string(port)});
  return more;
}

TEST(ClientMtu, IsTheLargestDatagramWhereAllPass) {
  const LossyPath path([](std::uint64_t, std::string&) { return Fate{}; });
  const auto finished = run(mtu(path.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "\n8 bytes: passed in ");
  expect_contains(finished.output, "largest datagram 65507 bytes, MTU 65535");
}

TEST(ClientMtu, IsFoundWhereLargerDatagramsDisappearSilently) {
  const LossyPath path([](std::uint64_t, std::string& payload) {
    return Fate{.copies = payload.size() <= 1372 ? 1 : 0};
  });
  const auto finished = run(mtu(path.port(), {"-W", "50ms"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "1373 bytes: no echo");
  expect_contains(finished.output, "largest datagram 1372 bytes, MTU 1400");
}

TEST(ClientMtu, IsFoundWhereDatagramsOfAnySizeAreLostDoubledAndReordered) {
  const auto dice = LossyPath::at_random({.lost = 0.2, .doubled = 0.1, .overtaken = 0.1});
  const LossyPath path([=](std::uint64_t number, std::string& payload) {
    return payload.size() <= 1372 ? dice(number, payload) : Fate{.copies = 0};
  });
  const auto finished = run(mtu(path.port(), {"-W", "200ms", "-q", "--json"}));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, R"("largest":1372,"mtu":1400,"complete":true)");
}

TEST(ClientMtu, IsFoundThoughTheFirstDatagramIsLost) {
  const LossyPath path(
      [](std::uint64_t number, std::string&) { return Fate{.copies = number == 1 ? 0 : 1}; });
  const auto finished = run(mtu(path.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "largest datagram 65507 bytes, MTU 65535");
}

TEST(ClientMtu, DoesNotCountADatagramThatTheServerCut) {
  const LossyPath path([](std::uint64_t, std::string& payload) {
    payload.resize(std::min<std::size_t>(payload.size(), 8192));
    return Fate{};
  });
  const auto finished = run(mtu(path.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, "8193 bytes: came back as 8192 bytes");
  expect_contains(finished.output, "largest datagram 8192 bytes, MTU 8220");
}

TEST(ClientMtu, IsNoneWhereNothingListensAndThatIsReported) {
  std::uint16_t port = 0;
  {
    port = LossyPath([](std::uint64_t, std::string&) { return Fate{}; }).port();
  }
  const auto finished = run(mtu(port, {"-W", "50ms"}));
  EXPECT_EQ(finished.exit_code, 1);
  expect_contains(finished.errors, "coroecho-client: refused: nothing listens on ");
  expect_contains(finished.output, "no datagram came back");
}

TEST(ClientMtu, ShowsWhatItHasFoundWhenItIsEndedEarly) {
  const LossyPath path([](std::uint64_t, std::string& payload) {
    return Fate{.copies = payload.size() <= 1372 ? 1 : 0};
  });
  const auto late = run(mtu(path.port(), {"-W", "30", "-w", "200ms"}));
  EXPECT_EQ(late.exit_code, 1);
  expect_contains(late.output, "largest datagram 8 bytes, MTU 36 or more: the search was ended");
  Process process(mtu(path.port(), {"-W", "30"}));
  process.output().wait_for_line("8 bytes: passed");
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  expect_contains(process.output().wait_for_end(), "the search was ended early");
}

TEST(ClientMtu, IsThatOfTheNarrowestLinkWhichARouterNames) {
  const std::vector<std::string> apart = {"unshare", "--map-root-user", "--net",
                                          "--pid",   "--fork",          "--mount-proc"};
  auto command = apart;
  command.insert(command.end(), {"bash", "-c", "command -v ip nsenter ss socat"});
  if (run(command).exit_code != 0) GTEST_SKIP() << "needs to make network namespaces";
  command = apart;
  command.insert(command.end(), {SERVICE_TESTS "/router.sh", "bash", "-c",
                                 "\"" COROECHO_CLIENT "\" --ping --udp --mtu 10.0.2.2 7 && "  //
                                 "\"" COROECHO_CLIENT "\" --ping --udp --mtu fd02::2 7"});
  const auto finished = run(command);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_contains(finished.output, " bytes: too large for the interface");
  expect_contains(finished.output, "refused by 10.0.1.2, whose next link has 1400");
  expect_contains(finished.output, "largest datagram 1372 bytes, MTU 1400");
  expect_contains(finished.output, "refused by fd01::2, whose next link has 1400");
  expect_contains(finished.output, "largest datagram 1352 bytes, MTU 1400");
}

}  // namespace
}  // namespace service
