#include <gmock/gmock.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/service/client_faulty_server.hpp"
#include "tests/service/server.hpp"

// coroecho --check-health, which is the health check of the image.
namespace service {
namespace {

using testing::HasSubstr;

// A service, and a check with the same configuration and the port on which the service listens.
class HealthCheck : public testing::Test {
 protected:
  static std::uint16_t free_port() { return Server().port(); }

  Finished check(const std::string& configuration) const {
    return run({COROECHO, "--check-health", "--config", directory_.write("a.yaml", configuration)});
  }

  void expect_well(const std::string& configuration) const {
    const Finished finished = check(configuration);
    EXPECT_EQ(0, finished.exit_code) << configuration;
    EXPECT_EQ("", finished.errors) << configuration;
  }

  void expect_not_well(const std::string& configuration, const std::string& reason) const {
    const Finished finished = check(configuration);
    EXPECT_EQ(1, finished.exit_code) << configuration;
    EXPECT_THAT(finished.errors, HasSubstr(reason)) << configuration;
  }

  TemporaryDirectory directory_;
};

TEST_F(HealthCheck, AsksTheAdminEndpointWhereverTheServiceListens) {
  for (const std::string host : {"127.0.0.2", "\"::1\"", "localhost", "\"::\"", "0.0.0.0", "[]"}) {
    const std::string configuration =
        "host: " + host + "\nunix: " + (directory_ / "echo").string() +
        "\nproxy_protocol: v2\nadmin: {port: " + std::to_string(free_port()) + "}\n";
    const Server server(configuration, {"--port", "0"});
    expect_well(configuration);
  }
}

TEST_F(HealthCheck, FollowsTheAddressOfTheAdminEndpoint) {
  for (const std::string host :
       {"\"::\"", "0.0.0.0", "127.0.0.3", "\"::1\"", "localhost", "\"*\""}) {
    const std::string configuration =
        "host: 127.0.0.1\nadmin: {host: " + host + ", port: " + std::to_string(free_port()) + "}\n";
    const Server server(configuration, {"--port", "0"});
    expect_well(configuration);
  }
}

TEST_F(HealthCheck, AServiceThatIsFullIsWell) {
  const std::string configuration =
      "limits: {max_connections: 1}\nadmin: {port: " + std::to_string(free_port()) + "}\n";
  const Server server(configuration);
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  expect_well(configuration);
}

TEST_F(HealthCheck, OneThatDoesNotAnswerIsNot) {
  const std::string configuration = "admin: {port: " + std::to_string(free_port()) + "}\n";
  {
    Server server(configuration);
    server.process().signal(SIGSTOP);
    expect_not_well(configuration, "/healthz: no answer in time");
    server.process().signal(SIGCONT);
    expect_well(configuration);
  }
  expect_not_well(configuration, "cannot connect to 127.0.0.1:");
}

TEST_F(HealthCheck, AnotherServiceAtTheAdminPortIsNot) {
  const FaultyServer other([](FaultyConnection& connection, int) {
    connection.receive();
    connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  });
  expect_not_well("admin: {port: " + std::to_string(other.port()) + "}\n", "/healthz: 404");
}

TEST_F(HealthCheck, OnAMachineWithoutIpv6AllAddressesAreThoseOfIpv4) {
  if (!can_make_networks()) GTEST_SKIP() << "needs to make network namespaces";
  const std::string file = directory_.write("ipv4.yaml", "{host: \"::\", port: 8888}");
  const Finished finished =
      run({"unshare", "-rn", "sh", "-c",
           "ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6\n"
           "\"$0\" --config \"$1\" & tries=0 well=1\n"
           "while [ $well != 0 ] && [ $((tries += 1)) -le 100 ]; do\n"
           "  sleep 0.1; \"$0\" --check-health --config \"$1\"; well=$?\n"
           "done; kill $!; wait $!; exit $well",
           COROECHO, file});
  EXPECT_EQ(0, finished.exit_code) << finished.errors;
}

TEST_F(HealthCheck, WithoutAnAdminEndpointItIsWellIfItListens) {
  const std::string path = (directory_ / "echo").string();
  const std::string port = std::to_string(free_port());
  for (const std::string host : {"127.0.0.2", "\"::\"", "0.0.0.0", "[\"::\", 0.0.0.0]", "[]"}) {
    const std::string configuration = "host: " + host + "\nport: " + port + "\nunix: " + path +
                                      "\nlimits: {max_connections: 1}\nadmin: {port: off}\n";
    const Server server(configuration, {});
    SocketClient client{std::filesystem::path(path)};
    EXPECT_EQ("hello", client.echo("hello"));  // it is full
    expect_well(configuration);
  }
  expect_not_well("host: 127.0.0.2\nport: " + port, "cannot connect to 127.0.0.2:" + port);
  expect_not_well("host: []\nunix: " + path, "cannot connect to unix:" + path);
}

TEST_F(HealthCheck, WithoutAnAddressToAskItIsNotWell) {
  const std::string reason = "coroecho: not well: no known port and no Unix socket to ask: ";
  for (const std::string host : {"localhost", "127.0.0.1", "0.0.0.0"}) {
    for (const std::string others : {"", "\nadmin: {port: 0}", "\ntls: {port: 0}"})
      expect_not_well("host: " + host + "\nport: 0" + others, reason + "set admin.port\n");
  }
}

TEST_F(HealthCheck, ConnectsToThePortsThatAreKnown) {
  const std::string port = std::to_string(free_port());
  {
    const Server server("", {"--host", "127.0.0.1", "--port", port});
    expect_well("host: 127.0.0.1\nport: " + port + "\ntls: {port: 0}");
  }
  expect_not_well("host: 127.0.0.1\nport: 0\ntls: {port: " + port + "}",
                  "cannot connect to 127.0.0.1:" + port);
}

}  // namespace
}  // namespace service
