#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/service/client_terminal.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"
#include "tests/temporary_directory.hpp"

// coroecho-client with a Unix socket as its target: a path with a slash.
namespace service {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ClientLocal : public testing::Test {
 protected:
  Finished client(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {COROECHO_CLIENT, path_});
    return run(arguments, input);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() / "echo.sock";
};

class ClientOfUnixSocket : public ClientLocal {
 protected:
  Server server_{"{host: [], unix: " + path_ + "}", {}};
};

TEST_F(ClientOfUnixSocket, VerifiesEveryByteOfAPipe) {
  const auto bytes = random_bytes(std::size_t{1} << 20U);
  const auto finished = client({}, bytes);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_EQ(finished.output, bytes);
}

TEST_F(ClientOfUnixSocket, PingsAndNamesThePath) {
  const auto text = client({"--ping", "-c", "2", "-i", "0"});
  EXPECT_EQ(text.exit_code, 0) << text.errors;
  EXPECT_THAT(text.output, HasSubstr("connected to " + path_ + " in "));
  EXPECT_THAT(text.output, HasSubstr("56 bytes from " + path_ + ": seq=2 time="));
  const auto json = client({"--ping", "-c", "1", "--json"});
  EXPECT_THAT(json.output, HasSubstr("\"peer\":\"" + path_ + "\""));
  EXPECT_THAT(json.output, HasSubstr("\"target\":\"" + path_ + "\""));
  const auto check = client({"--ping", "-i", "0", "--critical", "10s"});
  EXPECT_THAT(check.output, StartsWith("OK - " + path_ + ": 5 sent"));
}

TEST_F(ClientOfUnixSocket, MeasuresInEachMode) {
  for (const std::string mode : {"pingpong", "stream", "churn", "idle"}) {
    const auto finished = client(
        {"--bench", "--mode", mode, "--connections", "3", "--duration", "500ms", "--warmup", "0"});
    EXPECT_EQ(finished.exit_code, 0) << mode << finished.errors;
    EXPECT_THAT(finished.output, HasSubstr("failures     none")) << mode;
  }
}

TEST_F(ClientOfUnixSocket, ConversesInATerminal) {
  const Terminal terminal("cd " + directory_.path().string() +
                          " && \"" COROECHO_CLIENT "\" ./echo.sock");
  terminal.wait_for_last_line("./echo.sock>");
  terminal.enter("hello");
  terminal.wait_for("recv from server:hello  (");
}

TEST_F(ClientLocal, IsRefusedWhereNothingListens) {
  const auto missing = client({"--ping", "-c", "1"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.errors, StartsWith("coroecho-client: refused: nothing listens on " + path_));
  directory_.write("echo.sock", "a file");
  EXPECT_THAT(client({}).errors, StartsWith("coroecho-client: refused: nothing listens on "));
}

TEST_F(ClientLocal, RefusesWhatAUnixSocketHasNot) {
  for (const auto& wrong : std::vector<std::vector<std::string>>{
           {"7"}, {"--udp"}, {"--tls"}, {"--dscp", "EF"}, {"--ping", "--udp", "--mtu"}}) {
    const auto finished = client(wrong);
    EXPECT_EQ(finished.exit_code, 2) << wrong.front();
    EXPECT_THAT(finished.errors, StartsWith("coroecho-client: usage: "));
    EXPECT_THAT(finished.errors, HasSubstr("a Unix socket"));
  }
  const auto long_path = run({COROECHO_CLIENT, "/" + std::string(107, 'x')});
  EXPECT_EQ(long_path.exit_code, 2);
  EXPECT_THAT(long_path.errors, HasSubstr("at most 107 bytes"));
}

}  // namespace
}  // namespace service
