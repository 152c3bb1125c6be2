#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/service/client_faulty_server.hpp"
#include "tests/service/process.hpp"

// Each mode of the client names the reason why a connection ended.
namespace service {
namespace {

constexpr int attempts = 20;  // one attempt often finds the right word by luck

class ClientFailure : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  static Finished run_against(const FaultyServer& server) {
    std::vector<std::string> command{COROECHO_CLIENT};
    command.insert(command.end(), GetParam().begin(), GetParam().end());
    command.insert(command.end(), {"127.0.0.1", std::to_string(server.port())});
    return run(command, std::string(1 << 20, 'x'));
  }
};

TEST_P(ClientFailure, CallsAResetAResetAlsoWhereSendingIsTheFirstToLearnOfIt) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.receive(1);
    connection.reset();
  });
  for (int i = 0; i < attempts; ++i) {
    const auto finished = run_against(server);
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_EQ(finished.errors.find("coroecho-client: reset: "), 0U) << finished.errors;
  }
}

TEST_P(ClientFailure, CallsAnOrderlyEndClosedThoughSendingThenFails) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.half_close();
    connection.receive(1 << 20);
  });
  for (int i = 0; i < attempts; ++i) {
    const auto finished = run_against(server);
    EXPECT_EQ(finished.exit_code, 1);
    EXPECT_EQ(finished.errors.find("coroecho-client: closed: "), 0U) << finished.errors;
  }
}

const std::vector<std::string> as_a_pipe;
const std::vector<std::string> as_a_ping{"--ping", "-c", "1", "-s", "512k"};
const std::vector<std::string> as_a_benchmark{
    "--bench",    "--mode", "stream",        "--duration", "100ms",     "--warmup", "1ms",
    "--pipeline", "16",     "--connections", "1",          "--timeout", "1s"};

INSTANTIATE_TEST_SUITE_P(Modes, ClientFailure,
                         testing::Values(as_a_pipe, as_a_ping, as_a_benchmark),
                         [](const auto& mode) {
                           return mode.param.empty() ? "pipe" : mode.param.front().substr(2);
                         });

}  // namespace
}  // namespace service
