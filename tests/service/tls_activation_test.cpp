#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/certificates.hpp"
#include "tests/service/managed_socket.hpp"
#include "tests/service/server.hpp"
#include "tests/service/tls_client.hpp"

// Sockets named "tls" that the service inherits.
namespace service {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class TlsActivation : public testing::Test {
 protected:
  // tls.port is off.
  std::string configuration() const {
    const auto own = tests::make_identity();
    const auto key = directory_.write("key.pem", own.key);
    std::filesystem::permissions(key, std::filesystem::perms(0600));
    return "log: {payload: 0}\ntls: {certificate: " +
           directory_.write("certificate.pem", own.certificate).string() +
           ", key: " + key.string() + "}\n";
  }

  TemporaryDirectory directory_;
};

TEST_F(TlsActivation, ServesTlsOnTheSocketsOfThatNameAndPlainClientsOnOthers) {
  const ManagedSocket plain(AF_INET);
  const ManagedSocket tls(AF_INET);
  Server server(configuration(), {}, activation({&plain, &tls}, "a:tls"));
  server.log().wait_for_line("listening on tls 127.0.0.1:" + std::to_string(tls.port()) +
                             " (inherited)");
  EXPECT_EQ("plain", SocketClient("127.0.0.1", plain.port()).echo("plain"));
  TlsClient client(SocketClient("127.0.0.1", tls.port()));
  EXPECT_EQ("tls", client.echo("tls"));
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" info reloaded");
  EXPECT_EQ("still", client.echo("still"));
  EXPECT_EQ("new", TlsClient(SocketClient("127.0.0.1", tls.port())).echo("new"));
  server.write_configuration("");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("not reloaded: key 'tls.certificate': TLS needs tls.certificate");
}

TEST_F(TlsActivation, LeavesTheOtherAddressesAsConfigured) {
  const ManagedSocket tls(AF_INET);
  const Server server(configuration(), {"--host", "127.0.0.1", "--port", "0"},
                      activation({&tls}, "tls"));
  EXPECT_EQ("plain", server.connect().echo("plain"));
  EXPECT_EQ("tls", TlsClient(SocketClient("127.0.0.1", tls.port())).echo("tls"));
  EXPECT_EQ(1U, server.log().count_lines(" (inherited)"));
}

TEST_F(TlsActivation, StandsForThePortOfTheConfiguration) {
  const ManagedSocket tls(AF_INET);
  const std::string port = std::to_string(tls.port());  // in use
  std::string configured = configuration();
  configured.replace(configured.find("tls: {"), 6, "tls: {port: " + port + ", ");
  const Server server(configured, {"--host", "127.0.0.1", "--port", "0"},
                      activation({&tls}, "tls"));
  EXPECT_EQ("tls", TlsClient(SocketClient("127.0.0.1", tls.port())).echo("tls"));
}

TEST_F(TlsActivation, GoesOnAfterAnUpgrade) {
  const ManagedSocket tls(AF_INET);
  Server server(configuration(), {"--host", "127.0.0.1", "--port", "0"}, activation({&tls}, "tls"));
  server.process().signal(SIGRTMIN);
  server.log().wait_for_line(" info upgraded to coroecho ");
  EXPECT_EQ("tls", TlsClient(SocketClient("127.0.0.1", tls.port())).echo("tls"));
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" info reloaded");
  EXPECT_EQ("tls", TlsClient(SocketClient("127.0.0.1", tls.port())).echo("tls"));
}

TEST_F(TlsActivation, NeedsACertificate) {
  const ManagedSocket tls(AF_INET);
  std::vector<std::string> command = activation({&tls}, "tls");
  command.emplace_back(COROECHO);
  const Finished finished = run(command);
  EXPECT_EQ(78, finished.exit_code);
  EXPECT_THAT(finished.errors, HasSubstr("TLS needs tls.certificate, which is not set"));
}

// For some of the lengths all of the echo fits into the socket, and close_notify does not.
TEST_F(TlsActivation, TheEndComesAsSoonAsTheClientReadsThoughTheSocketWasFull) {
  const std::filesystem::path path = directory_ / "tls.sock";
  const auto time_to_end = [&] {
    std::filesystem::remove(path);
    const ManagedSocket tls(path);
    Server server(configuration(), {"--host", "127.0.0.1", "--port", "0"},
                  activation({&tls}, "tls"));
    std::vector<TlsClient> clients;
    for (std::size_t i = 0; i < 64; ++i) {
      clients.emplace_back(SocketClient(path));
      clients.back().send(std::string((i + 1) * 4096, 'x'));
    }
    server.process().signal(SIGTERM);
    server.log().wait_for_line(" info stopping, with 64 connections");
    const Clock::time_point before = Clock::now();
    std::vector<std::thread> readers;
    for (TlsClient& client : clients)
      readers.emplace_back([&client] {
        client.receive_until_end();
        client.socket().close();
      });
    for (std::thread& reader : readers)
      reader.join();
    const auto time = Clock::now() - before;
    server.expect_exit(0);
    return time;
  };
  EXPECT_TRUE(once_below(1500ms, time_to_end));
}
}  // namespace
}  // namespace service
