#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/service/client_terminal.hpp"
#include "tests/service/server.hpp"

// coroecho-client -4, -6 and --source.
namespace service {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string source = "127.0.0.9";

std::vector<std::string> from_source(std::uint16_t port, std::vector<std::string> more) {
  more.insert(more.begin(),
              {COROECHO_CLIENT, "--source", source, "127.0.0.1", std::to_string(port)});
  return more;
}

TEST(ClientSource, IsThatOfEachConnectionInAllModes) {
  const Server server;
  EXPECT_EQ(run(from_source(server.port(), {}), "hello\n").output, "hello\n");
  server.log().wait_for_line("client 1 connected from " + source);
  EXPECT_EQ(run(from_source(server.port(), {"--ping", "-c", "1"})).exit_code, 0);
  server.log().wait_for_line("client 2 connected from " + source);
  const Terminal terminal("\"" COROECHO_CLIENT "\" --source " + source + " 127.0.0.1 " +
                          std::to_string(server.port()));
  server.log().wait_for_line("client 3 connected from " + source);
  for (const std::string mode : {"pingpong", "churn"}) {
    const auto bench = run(from_source(
        server.port(), {"--bench", "--mode", mode, "--duration", "500ms", "--warmup", "0"}));
    EXPECT_EQ(bench.exit_code, 0) << bench.errors;
  }
  EXPECT_EQ(server.log().count_lines("connected from "),
            server.log().count_lines("connected from " + source));
}

TEST(ClientSource, IsThatOfEachDatagram) {
  const Server server("{udp: {port: 0}}");
  const auto port = server.port("udp 127.0.0.1");
  EXPECT_EQ(run(from_source(port, {"--udp"}), "hello\n").output, "hello\n");
  server.log().wait_for_line("udp " + source);
  EXPECT_EQ(run(from_source(port, {"--udp", "--ping", "-c", "1"})).exit_code, 0);
  EXPECT_EQ(run(from_source(port, {"--udp", "--bench", "--connections", "1", "--duration", "500ms",
                                   "--rate", "50", "--warmup", "0"}))
                .exit_code,
            0);
  EXPECT_EQ(server.log().count_lines(" udp 127.0.0.1:"), 1U) << "where it listens";
}

TEST(ClientSource, ThatThisMachineHasNotIsOneLine) {
  const Server server("{udp: {port: 0}}");
  for (const auto& [port, options] :
       std::vector<std::pair<std::uint16_t, std::vector<std::string>>>{
           {server.port(), {}},
           {server.port(), {"--ping"}},
           {server.port(), {"--bench"}},
           {server.port("udp 127.0.0.1"), {"--udp"}},
           {server.port("udp 127.0.0.1"), {"--udp", "--ping"}},
           {server.port("udp 127.0.0.1"), {"--udp", "--ping", "--mtu"}}}) {
    auto command = from_source(port, options);
    command.insert(command.end(), {"--source", "192.0.2.77"});
    const auto finished = run(command, "hello\n");
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_THAT(finished.errors,
                StartsWith("coroecho-client: local: cannot connect to 127.0.0.1:"));
    EXPECT_THAT(finished.errors, HasSubstr("from 192.0.2.77"));
    EXPECT_EQ(std::ranges::count(finished.errors, '\n'), 1);
  }
}

TEST(ClientFamily, ChoosesAmongTheAddressesOfAName) {
  const Server server("{host: [127.0.0.1, \"::1\"], port: 0, udp: {port: 0}}", {});
  const auto ping = [](const char* family, std::uint16_t port, const char* by = "--ping") {
    return run({COROECHO_CLIENT, family, by, "--ping", "-c", "1", "localhost",
                std::to_string(port)})
        .output;
  };
  EXPECT_THAT(ping("-4", server.port()), HasSubstr("connected to 127.0.0.1:"));
  EXPECT_THAT(ping("-6", server.port("[::1]")), HasSubstr("connected to [::1]:"));
  EXPECT_THAT(ping("-4", server.port("udp 127.0.0.1"), "--udp"), HasSubstr("by UDP to 127.0.0.1:"));
  EXPECT_THAT(ping("-6", server.port("udp [::1]"), "--udp"), HasSubstr("by UDP to [::1]:"));
}

TEST(ClientFamily, ThatDoesNotFitIsOneLineOfUsage) {
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"-4", "::1"}, {"-6", "127.0.0.1"}, {"--source", "::1", "127.0.0.1"}, {"-4", "-6"}}) {
    auto command = wrong;
    command.insert(command.begin(), COROECHO_CLIENT);
    const auto finished = run(command);
    EXPECT_EQ(finished.exit_code, 2);
    EXPECT_THAT(finished.errors, testing::MatchesRegex("coroecho-client: usage: [^\n]*\n"));
  }
}

}  // namespace
}  // namespace service
