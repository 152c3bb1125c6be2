#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/service/injected_failure.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/server.hpp"

// accept(2) fails for another reason than a lack of descriptors.
namespace service {
namespace {

// It fails for good, as in a sandbox that forbids it.
class LastingAcceptError : public testing::TestWithParam<const char*> {};

TEST_P(LastingAcceptError, NeitherSpinsNorDeafens) {
  Server server("", any_port, ends_traced);
  SocketClient client = server.connect();
  client.echo("before");
  SocketClient waiting = [&] {
    const InjectedFailure failure(server.process(), std::string("accept4:error=") + GetParam());
    SocketClient connected = server.connect();
    connected.send("waited");
    EXPECT_LT(processor_share(server.process().pid()), idle_share);
    EXPECT_EQ("meanwhile", client.echo("meanwhile"));
    return connected;
  }();
  EXPECT_EQ("waited", waiting.receive(6));
  client.close();
  waiting.close();
  const InjectedFailure failure(server.process(), std::string("accept4:error=") + GetParam());
  SocketClient refused = server.connect();
  server.stop(SIGTERM);
}

// EAGAIN is usual if processes share a socket, but not if it stays.
INSTANTIATE_TEST_SUITE_P(AcceptErrors, LastingAcceptError,
                         testing::Values("EPERM", "EINVAL", "ENOSYS", "EAGAIN", "ECONNABORTED"),
                         [](const auto& test) { return std::string(test.param); });

TEST(AcceptErrors, OfTheSystemAreLoggedAtMostOnceASecond) {
  Server server;
  const Clock::time_point begin = Clock::now();
  const InjectedFailure failure(server.process(), "accept4:error=EPERM");
  const SocketClient waiting = server.connect();
  const std::string line = "warning cannot accept, connections wait: Operation not permitted";
  server.log().wait_for_line(line, 2);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(Clock::now() - begin).count();
  EXPECT_LE(server.log().count_lines(line), static_cast<std::size_t>(seconds) + 1);
}

TEST(AcceptErrors, OfOneConnectionDelayNobodyElse) {
  Server server;
  const InjectedFailure failure(server.process(), "accept4:error=ECONNABORTED:when=1");
  EXPECT_EQ("hello", server.connect().echo("hello"));
  EXPECT_EQ(0U, server.log().count_lines("cannot accept"));
}

}  // namespace
}  // namespace service
