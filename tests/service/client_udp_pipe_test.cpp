#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/service/injected_failure.hpp"
#include "tests/service/lossy_path.hpp"
#include "tests/service/process.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"

// coroecho-client --udp in a pipe: each line is a datagram, and the output is exact.
namespace service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t largest = 65507;

std::vector<std::string> udp_client(std::uint16_t port) {
  return {COROECHO_CLIENT, "--udp", "--wait", "200ms", "127.0.0.1", std::to_string(port)};
}

TEST(ClientUdpPipe, EchoesEachLineAsADatagram) {
  std::vector<std::string> datagrams;
  {
    const LossyPath path([&](std::uint64_t, std::string& payload) {
      datagrams.push_back(payload);
      return LossyPath::Fate{};
    });
    const auto finished = run(udp_client(path.port()), "one\n\nthree");
    EXPECT_EQ(finished.exit_code, 0) << finished.errors;
    EXPECT_EQ(finished.output, "one\n\nthree");
    EXPECT_EQ(finished.errors, "");
  }
  EXPECT_THAT(datagrams, testing::ElementsAre("one\n", "\n", "three"));
}

TEST(ClientUdpPipe, IsExactWithTheService) {
  const Server server("udp: {port: 0, rate: 0}");
  const auto listening = server.log().wait_for_line("listening on udp 127.0.0.1:");
  const auto port = std::stoul(listening.substr(listening.rfind(':') + 1));
  const auto bytes = random_bytes(100'000) + "\n\nlast";
  const auto finished = run(udp_client(static_cast<std::uint16_t>(port)), bytes);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  expect_same_bytes(bytes, finished.output);
}

TEST(ClientUdpPipe, SucceedsWithNothing) {
  const LossyPath path(unharmed);
  const auto finished = run(udp_client(path.port()));
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(finished.output, "");
  EXPECT_EQ(path.requests(), 0U);
}

TEST(ClientUdpPipe, IsExactForManyLinesOfAnyBytes) {
  std::string bytes;
  for (int line = 0; line < 300; ++line) {
    bytes += random_bytes(static_cast<std::size_t>(line) * 3) + '\n';
  }
  bytes += std::string(largest - 1, 'x') + '\n';
  const LossyPath path(unharmed);
  expect_same_bytes(bytes, run(udp_client(path.port()), bytes).output);
}

TEST(ClientUdpPipe, IsExactIfEachEchoComesTwice) {
  const LossyPath path([](std::uint64_t, std::string&) { return LossyPath::Fate{.copies = 2}; });
  std::string lines;
  for (int line = 0; line < 100; ++line) {
    lines += std::to_string(line) + '\n';
  }
  const auto finished = run(udp_client(path.port()), lines);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(finished.output, lines);
}

TEST(ClientUdpPipe, ReportsTheFirstLineThatIsLostAndEndsThere) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.copies = number == 2 ? 0 : 2};  // a copy is not the line, changed
  });
  const auto finished = run(udp_client(path.port()), "one\ntwo\nthree\n");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.output, "one\n");
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: timeout: no echo from 127.0.0.1:"));
  EXPECT_THAT(finished.errors, HasSubstr(" of line 2, 4 bytes did not come back: raise --wait"));
}

// The queue of an interface is full, or memory is short.
TEST(ClientUdpPipe, SendsALineAgainForWhichTheKernelHadNoRoom) {
  const LossyPath path(unharmed);
  for (const std::string error : {"ENOBUFS", "ENOMEM"}) {
    auto command = with_failing("sendto:error=" + error + ":when=2..4");
    for (const auto& word : udp_client(path.port()))
      command.push_back(word);
    const auto finished = run(command, "one\ntwo\nthree\n");
    EXPECT_EQ(finished.exit_code, 0);
    EXPECT_EQ(finished.output, "one\ntwo\nthree\n");
    EXPECT_EQ(finished.errors, "");
  }
}

TEST(ClientUdpPipe, WaitsNoLongerForRoomThanForAnEcho) {
  const LossyPath path(unharmed);
  auto command = with_failing("sendto:error=ENOBUFS:when=2+");
  for (const auto& word : udp_client(path.port()))
    command.push_back(word);
  const auto finished = run(command, "one\ntwo\nthree\n");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.output, "one\n");
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: timeout: no echo from 127.0.0.1:"));
}

TEST(ClientUdpPipe, ReportsALineThatComesBackChanged) {
  const LossyPath path([](std::uint64_t number, std::string& payload) {
    if (number == 2) payload.front() = 'T';
    return LossyPath::Fate{};
  });
  const auto finished = run(udp_client(path.port()), "one\ntwo\n");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.output, "one\n");
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: mismatch: line 2 came back changed: "));
}

TEST(ClientUdpPipe, ReportsALineThatIsTooLongForADatagram) {
  const LossyPath path(unharmed);
  for (const char* const end : {"\n", ""}) {
    const auto finished =
        run(udp_client(path.port()), "one\n" + std::string(largest + 1, 'x') + end);
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_EQ(finished.output, "one\n");
    EXPECT_EQ(finished.errors,
              "coroecho-client: local: standard input: line 2 has more than 65507 bytes, too many "
              "for a datagram\n");
  }
}

TEST(ClientUdpPipe, ReportsThatNothingListens) {
  std::uint16_t port = 0;
  {
    const LossyPath path(unharmed);
    port = path.port();
  }
  const auto finished = run(udp_client(port), "one\n");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_EQ(finished.output, "");
  EXPECT_THAT(finished.errors, StartsWith("coroecho-client: refused: nothing listens on "));
}

}  // namespace
}  // namespace service
