#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/exit_codes.hpp"
#include "tests/service/server.hpp"

// Reloads that change the listening addresses, while the service itself uses the same ports and
// files.
namespace service {
namespace {

class ReloadOfAddresses : public testing::Test {
 protected:
  // Loads `configuration`; returns when it is in force, or was refused.
  void reload(const std::string& configuration, const std::string& answer = " info reloaded") {
    const std::size_t before = server_.log().count_lines(answer);
    server_.write_configuration(configuration);
    server_.process().signal(SIGHUP);
    server_.log().wait_for_line(answer, before + 1);
  }

  std::string on(const std::string& hosts, const std::string& more = "") const {
    return "{host: " + hosts + ", port: " + port_ + more + "}";
  }

  std::string echo(const std::string& address) const {
    try {
      return SocketClient(address, number()).echo(address);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  std::uint16_t number() const { return static_cast<std::uint16_t>(std::stoi(port_)); }

  const std::string port_ = std::to_string(Server().port());  // free again
  Server server_{"{host: 127.0.0.1, port: " + port_ + "}", {}};
};

TEST_F(ReloadOfAddresses, EveryOneToEveryOtherServesWhatARestartWould) {
  struct Hosts {
    std::string yaml;
    bool ipv6;
  };
  const std::vector<Hosts> all = {{"localhost", true},
                                  {"127.0.0.1", false},
                                  {"0.0.0.0", false},
                                  {"'::'", true},
                                  {"[0.0.0.0, '::']", true}};
  for (const Hosts& from : all) {
    for (const Hosts& to : all) {
      SCOPED_TRACE(from.yaml + " to " + to.yaml);
      reload(on(from.yaml));
      SocketClient client("127.0.0.1", number());
      client.echo("before");
      reload(on(to.yaml));
      EXPECT_EQ("127.0.0.1", echo("127.0.0.1"));
      EXPECT_EQ(to.ipv6, echo("::1") == "::1");
      EXPECT_EQ("after", client.echo("after"));
    }
  }
  EXPECT_EQ(0U, server_.log().count_lines("not reloaded"));
}

TEST_F(ReloadOfAddresses, NobodyWhoConnectsMeanwhileIsRefused) {
  std::size_t refused = 0;
  std::thread clients([&] {
    for (int i = 0; i < 500; ++i) {
      if (echo("127.0.0.1") != "127.0.0.1") ++refused;
    }
  });
  for (int i = 0; i < 20; ++i)
    reload(on(i % 2 == 0 ? "0.0.0.0" : "127.0.0.1"));
  clients.join();
  // A client that connects between the last accept(2) and the close(2) of a socket is reset.
  EXPECT_LE(refused, 2U);
}

TEST_F(ReloadOfAddresses, WhatASecondProcessHasStaysAnErrorThatChangesNothing) {
  const Server other("{host: 127.0.0.3, port: " + port_ + "}", {});
  reload(on("'::'"), " error not reloaded: ");
  EXPECT_EQ(1U, server_.log().count_lines("key 'port': cannot listen on [::]:" + port_ +
                                          ": Address already in use"));
  EXPECT_EQ("127.0.0.1", echo("127.0.0.1"));
  // The port of neither is shared any more.
  const Finished third = run({COROECHO, "--host", "127.0.0.1", "--port", port_, "--config",
                              server_.directory().write("third.yaml", "reuse_port: true")});
  EXPECT_EQ(cannot_listen, third.exit_code);
}

TEST_F(ReloadOfAddresses, EchoAndAdminSwapTheirPorts) {
  const std::string second = std::to_string(Server().port());
  const std::uint16_t number = static_cast<std::uint16_t>(std::stoi(second));
  reload(on("127.0.0.1", ", admin: {port: " + second + "}"));
  reload("{host: 127.0.0.1, port: " + second + ", admin: {port: " + port_ + "}}");
  EXPECT_EQ("hello", SocketClient("127.0.0.1", number).echo("hello"));
  SocketClient admin("127.0.0.1", this->number());
  EXPECT_NE(std::string::npos, admin.exchange("GET /healthz HTTP/1.0\r\n\r\n").find("200 OK"));
}

TEST_F(ReloadOfAddresses, AdminMovesToAllAddressesOfItsPort) {
  const std::string second = std::to_string(Server().port());
  const std::uint16_t number = static_cast<std::uint16_t>(std::stoi(second));
  for (const std::string host : {"127.0.0.1", "'::'", "0.0.0.0", "127.0.0.1"}) {
    reload(on("127.0.0.1", ", admin: {host: " + host + ", port: " + second + "}"));
    SocketClient admin("127.0.0.1", number);
    EXPECT_NE(std::string::npos, admin.exchange("GET /healthz HTTP/1.0\r\n\r\n").find("200 OK"));
  }
}

TEST_F(ReloadOfAddresses, EchoAndAdminDoNotShareAPort) {
  reload(on("127.0.0.1", ", admin: {port: " + port_ + "}"), " error not reloaded: ");
  EXPECT_EQ("127.0.0.1", echo("127.0.0.1"));
  reload(on("0.0.0.0"));
  reload(on("127.0.0.1", ", admin: {port: " + port_ + "}"), " error not reloaded: ");
  EXPECT_EQ(2U, server_.log().count_lines("key 'admin.port': cannot listen on 127.0.0.1:" + port_ +
                                          ": Address already in use"));
  EXPECT_EQ("127.0.0.1", echo("127.0.0.1"));
}

TEST_F(ReloadOfAddresses, AnErrorOfTheEchoLeavesTheAdminEndpointAlone) {
  const Server other;
  const std::string second = std::to_string(Server().port());
  reload(on("127.0.0.1", ", admin: {port: " + second + "}"));
  SocketClient admin("127.0.0.1", static_cast<std::uint16_t>(std::stoi(second)));
  reload("{host: 127.0.0.1, port: " + std::to_string(other.port()) + ", admin: {port: off}}",
         " error not reloaded: ");
  EXPECT_NE(std::string::npos, admin.exchange("GET /healthz HTTP/1.0\r\n\r\n").find("200 OK"));
}

TEST_F(ReloadOfAddresses, AnotherInstanceMayShareThePortOnceItIsAllowed) {
  reload(on("127.0.0.1", ", reuse_port: true"));
  const Server second("{host: 127.0.0.1, reuse_port: true, port: " + port_ + "}", {});
  EXPECT_EQ("127.0.0.1", echo("127.0.0.1"));
}

class ReloadOfUnixSocket : public ReloadOfAddresses {
 protected:
  std::string with_mode(const std::string& mode) const {
    return on("127.0.0.1", ", unix: {path: " + path_.string() + ", mode: \"" + mode + "\"}");
  }
  unsigned mode() const {
    struct stat status {};
    EXPECT_EQ(0, stat(path_.c_str(), &status));
    return status.st_mode & 0777U;
  }

  const std::filesystem::path path_ = server_.directory() / "echo.sock";
};

TEST_F(ReloadOfUnixSocket, AFileThatWasRemovedIsThereAgain) {
  reload(with_mode("0600"));
  SocketClient client(path_);
  client.echo("before");
  std::filesystem::remove(path_);
  reload(with_mode("0600"));
  EXPECT_EQ("hello", SocketClient(path_).echo("hello"));
  EXPECT_EQ(0600U, mode());
  EXPECT_EQ("after", client.echo("after"));
  reload(with_mode("0600"));
  EXPECT_EQ(1U, server_.log().count_lines("no longer listening on unix:"));
}

TEST_F(ReloadOfUnixSocket, WhatIsSomebodyElsesByNowIsAnErrorThatChangesNothing) {
  reload(with_mode("0600"));
  std::filesystem::remove(path_);
  server_.directory().write("echo.sock", "precious");
  reload(with_mode("0600"), " error not reloaded: ");
  EXPECT_EQ(8U, std::filesystem::file_size(path_));
  EXPECT_EQ("127.0.0.1", echo("127.0.0.1"));
}

TEST_F(ReloadOfUnixSocket, ItsModeChangesOnlyWithTheConfiguration) {
  reload(with_mode("0600"));
  reload(with_mode("0660"));
  EXPECT_EQ(0660U, mode());
  ASSERT_EQ(0, chmod(path_.c_str(), 0606));
  reload(with_mode("0660"));
  EXPECT_EQ(0606U, mode());
}

}  // namespace
}  // namespace service
