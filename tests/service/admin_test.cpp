#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"

namespace service {
namespace {

constexpr const char* admin_anywhere = "admin: {port: 0}";

// The port on which the endpoint was opened for the `occurrence`-th time.
std::uint16_t admin_port(const Server& server, std::size_t occurrence = 1) {
  const std::string before = "admin on http://127.0.0.1:";
  const std::string line = server.log().wait_for_line(before, occurrence);
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.find(before) + before.size())));
}

SocketClient connect_to_admin(const Server& server) {
  return {"127.0.0.1", admin_port(server)};
}

std::string request(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + more + "\r\n";
}

// Sends, and receives until the server closes.
std::string answer(const Server& server, const std::string& bytes) {
  SocketClient client = connect_to_admin(server);
  client.send(bytes);
  return client.receive_until_end();
}

std::string get(const Server& server, const std::string& path) {
  return answer(server, request(path, "Connection: close\r\n"));
}

std::string body(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

std::string status_line(const std::string& response) {
  return response.substr(0, response.find("\r\n"));
}

// Receives until the received text ends with this.
std::string receive_through(SocketClient& client, std::string_view end) {
  std::string received;
  while (!received.ends_with(end))
    received += client.receive(1);
  return received;
}

void expect_connection_refused(std::uint16_t port) {
  try {
    const SocketClient client("127.0.0.1", port);
    ADD_FAILURE() << "connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(ECONNREFUSED, error.code().value());
  }
}

TEST(Admin, IsOffUnlessAskedFor) {
  Server server;
  EXPECT_EQ(0U, server.log().count_lines("admin"));
}

TEST(Admin, AnswersEveryPath) {
  Server server(admin_anywhere);
  for (const std::string path : {"/", "/metrics", "/healthz", "/readyz", "/status", "/history"}) {
    EXPECT_EQ("HTTP/1.1 200 OK", status_line(get(server, path))) << path;
  }
}

TEST(Admin, CountsWhatClientsDid) {
  Server server(admin_anywhere);
  SocketClient leaves = server.connect();
  leaves.echo("hello");
  leaves.close();
  server.log().wait_for_line("client 1 disconnected");
  SocketClient stays = server.connect();
  stays.echo("hi");
  const std::string metrics = get(server, "/metrics");
  for (const std::string sample :
       {"connections_accepted_total 2", "connections_active 1", "connections_peak 1",
        "connections_ended_total{reason=\"closed_by_client\"} 1", "received_bytes_total 7",
        "sent_bytes_total 7", "reads_total 2"}) {
    EXPECT_NE(std::string::npos, metrics.find("\ncoroecho_" + sample + "\n")) << sample;
  }
  const auto status = nlohmann::json::parse(body(get(server, "/status")));
  EXPECT_EQ(7, status["bytes"]["sent"]);
  EXPECT_EQ(1, status["connections"]["active"]);
  EXPECT_EQ(1, status["ended"]["closed_by_client"]);
}

TEST(Admin, CountsRefusalsByReason) {
  Server server("admin: {port: 0}\nlimits: {max_connections_per_ip: 1}");
  SocketClient first = server.connect();
  first.echo("hello");
  EXPECT_EQ("", server.connect().receive_until_end());
  const auto status = nlohmann::json::parse(body(get(server, "/status")));
  EXPECT_EQ(1, status["refused"]["limit"]);
}

// Whether the metrics have this sample: "full 1".
bool has_sample(const std::string& metrics, const std::string& sample) {
  return metrics.find("\ncoroecho_" + sample + "\n") != std::string::npos;
}

TEST(Admin, CountsHowOftenClientsWaitedAndReportsThatItIsFull) {
  Server server("admin: {port: 0}\nlimits: {max_connections: 1}");
  EXPECT_TRUE(has_sample(get(server, "/metrics"), "full 0"));
  SocketClient first = server.connect();
  first.echo("hello");
  SocketClient second = server.connect();
  server.log().wait_for_line("limits.max_connections: full");
  const std::string metrics = get(server, "/metrics");
  EXPECT_TRUE(has_sample(metrics, "full 1"));
  EXPECT_TRUE(has_sample(metrics, "full_waits_total 1"));
  EXPECT_TRUE(has_sample(metrics, "connections_limit 1"));
  first.close();
  second.echo("hello");
  second.close();
  server.log().wait_for_line("client 2 disconnected");
  EXPECT_TRUE(has_sample(get(server, "/metrics"), "full 0"));
}

TEST(Admin, CountsHowOftenClientsWaitedForTheirRate) {
  Server server("admin: {port: 0}\nlimits: {accept_rate: 5}");
  SocketClient first = server.connect();
  SocketClient second = server.connect();
  second.echo("hello");
  EXPECT_TRUE(has_sample(get(server, "/metrics"), "accept_rate_waits_total 1"));
}

TEST(Admin, MeasuresTheLagOfTheScheduler) {
  Server server(admin_anywhere);
  nlohmann::json lag;
  do {
    lag = nlohmann::json::parse(body(get(server, "/status")))["scheduler_lag_seconds"];
  } while (lag["count"] == 0);
  EXPECT_GT(lag["max"], 0);
}

TEST(Admin, KeepsAHistoryForWhoeverAsksLater) {
  Server server(admin_anywhere);
  const auto history = [&](const std::string& query) {
    return nlohmann::json::parse(body(get(server, "/history" + query)));
  };
  server.connect().exchange("hello");
  nlohmann::json all;
  do {
    all = history("");
  } while (all["samples"].size() < 2);
  const auto reads = std::find(all["fields"].begin(), all["fields"].end(), "reads");
  const auto column = static_cast<std::size_t>(reads - all["fields"].begin());
  int sum = 0;
  for (const auto& sample : all["samples"])
    sum += sample.at(column).get<int>();
  EXPECT_LE(sum, 1) << "the first sample begins at a time";
  EXPECT_EQ(all["status"]["reads"], 1);
  const auto& latest = all["samples"].back().front();
  EXPECT_GE(all["now"], latest);
  const auto newer = history("?after=" + latest.dump())["samples"];
  EXPECT_TRUE(newer.empty() || newer.front().front() > latest);
}

TEST(Admin, AnswersOneRequestAfterTheOtherOnAConnection) {
  Server server(admin_anywhere);
  SocketClient client = connect_to_admin(server);
  for (int times = 0; times < 3; ++times) {
    client.send(request("/healthz"));
    EXPECT_EQ("HTTP/1.1 200 OK", status_line(receive_through(client, "\r\n\r\nok\n")));
  }
}

TEST(Admin, AnswersPipelinedRequestsInOrder) {
  Server server(admin_anywhere);
  const std::string answers = answer(server, request("/healthz") + request("/readyz") +
                                                 request("/nothing", "Connection: close\r\n"));
  const std::size_t first = answers.find("\r\n\r\nok\n");
  const std::size_t second = answers.find("\r\n\r\nready\n");
  const std::size_t third = answers.find("\r\n\r\nnot found\n");
  ASSERT_NE(std::string::npos, third) << answers;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST(Admin, AnswersARequestThatComesByteByByte) {
  Server server(admin_anywhere);
  SocketClient client = connect_to_admin(server);
  for (const char byte : request("/healthz"))
    client.send({&byte, 1});
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(receive_through(client, "\r\n\r\nok\n")));
}

TEST(Admin, AnswersOneWhoWaitsBeforeItSendsTheBody) {
  Server server(admin_anywhere);
  for (const std::string length :
       {"Content-Length: 3", "Content-Length: 1025", "Transfer-Encoding: chunked"}) {
    const std::string answers = answer(server, "POST /metrics HTTP/1.1\r\nHost: a\r\n" + length +
                                                   "\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(length == "Content-Length: 1025" ? "HTTP/1.1 413 Payload Too Large"
                                               : "HTTP/1.1 405 Method Not Allowed",
              status_line(answers));
    EXPECT_NE(std::string::npos, answers.find("\r\nConnection: close\r\n")) << answers;
  }
  // The request has no body, so the server must not wait for one.
  const std::string both =
      answer(server, "GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n" +
                         request("/readyz", "Connection: close\r\n"));
  EXPECT_NE(std::string::npos, both.find("\r\n\r\nok\nHTTP/1.1 200 OK")) << both;
}

TEST(Admin, AnswersAsAskedThroughAProxy) {
  Server server(admin_anywhere);
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(get(server, "http://127.0.0.1:1/healthz")));
}

TEST(Admin, AnswersHeadWithoutABody) {
  Server server(admin_anywhere);
  const std::string response =
      answer(server, "HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(response));
  EXPECT_EQ("", body(response));
}

TEST(Admin, AnswersBadRequestsWith4xx) {
  Server server(admin_anywhere);
  const std::string large(100000, 'a');
  const auto expect = [&](const std::string& status, const std::string& bytes) {
    EXPECT_EQ("HTTP/1.1 " + status, status_line(answer(server, bytes))) << bytes.substr(0, 60);
  };
  expect("404 Not Found", request("/nothing", "Connection: close\r\n"));
  expect("405 Method Not Allowed", "DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect("400 Bad Request", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  expect("400 Bad Request", "hello\r\n\r\n");
  expect("400 Bad Request", "\x16\x03\x01\x02\r\n\r\n");
  expect("400 Bad Request", "GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  expect("431 Request Header Fields Too Large", request("/", "X: " + large + "\r\n"));
  expect("431 Request Header Fields Too Large", request("/" + large));
  expect("413 Payload Too Large",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + large);
}

TEST(Admin, EndsConnectionsThatSendNothingOrTooSlowly) {
  Server server(admin_anywhere);
  SocketClient silent = connect_to_admin(server);
  SocketClient slow = connect_to_admin(server);
  SocketClient idle = connect_to_admin(server);
  slow.send("GET /hea");
  idle.send(request("/healthz"));
  receive_through(idle, "\r\n\r\nok\n");
  EXPECT_EQ("", silent.receive_until_end());
  EXPECT_EQ("", slow.receive_until_end());
  EXPECT_EQ("", idle.receive_until_end());
}

// The number of coroutines in the n-th statistics.
int coroutines(Server& server, std::size_t occurrence) {
  server.process().signal(SIGUSR1);
  const std::string line = server.log().wait_for_line("statistics, scheduler: ", occurrence);
  const std::size_t end = line.find(" coroutines");
  return std::stoi(line.substr(line.rfind(' ', end - 1)));
}

TEST(Admin, ServesSoManyConnectionsAtATimeAndTheOthersAfterwards) {
  constexpr int most = 32;
  Server server(admin_anywhere);
  admin_port(server);
  server.connect().exchange("ready");
  server.log().wait_for_line("client 1 disconnected");
  std::size_t asked = 0;
  const int before = coroutines(server, ++asked);

  std::vector<SocketClient> clients;
  for (int number = 0; number < most + 8; ++number)
    clients.push_back(connect_to_admin(server));
  while (coroutines(server, ++asked) < before + most) {
  }
  EXPECT_EQ(before + most, coroutines(server, ++asked)) << "the others wait";
  EXPECT_EQ("hello", server.connect().echo("hello")) << "its limit is its own";

  clients.back().send(request("/healthz"));
  clients.front().close();
  for (int number = 1; number < 8; ++number)
    clients[static_cast<std::size_t>(number)].close();
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(receive_through(clients.back(), "\r\n\r\nok\n")));
}

TEST(Admin, IsTurnedOffAndOnByAReload) {
  Server server(admin_anywhere);
  SocketClient open = connect_to_admin(server);
  server.write_configuration("");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("reloaded");
  EXPECT_EQ("", open.receive_until_end());
  expect_connection_refused(admin_port(server));

  server.write_configuration(admin_anywhere);
  server.process().signal(SIGHUP);
  SocketClient again("127.0.0.1", admin_port(server, 2));
  again.send(request("/healthz"));
  receive_through(again, "\r\n\r\nok\n");
}

TEST(Admin, AServiceThatIsOutOfDescriptorsAnswersReloadsAndIsUpgraded) {
  Server server("{host: 127.0.0.1, port: 0, admin: {port: 0}}", {}, {"prlimit", "--nofile=60:60"});
  std::vector<SocketClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(server.connect());
    clients.back().send("x");
  }
  server.log().wait_for_line("out of descriptors: connections wait");
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(get(server, "/healthz")));
  reload(server, "{host: 127.0.0.1, port: 0, admin: {port: 0}, backlog: 7}");
  upgrade(server);
  for (SocketClient& client : clients) {
    EXPECT_EQ("x", client.receive(1));
    client.close();
  }
}

TEST(Admin, KeepsItsConnectionsWhenAReloadDoesNotConcernIt) {
  Server server(admin_anywhere);
  SocketClient client = connect_to_admin(server);
  server.write_configuration("admin: {port: 0}\nlog: {level: debug}");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("reloaded");
  client.send(request("/healthz"));
  receive_through(client, "\r\n\r\nok\n");
}

TEST(Admin, StaysWhereItIsWhenItCannotMove) {
  Server server(admin_anywhere);
  SocketClient client = connect_to_admin(server);
  server.write_configuration("admin: {port: " + std::to_string(server.port()) + "}");
  server.process().signal(SIGHUP);
  const std::string line = server.log().wait_for_line("not reloaded: ");
  EXPECT_NE(std::string::npos, line.find("key 'admin.port': cannot listen on 127.0.0.1:")) << line;
  client.send(request("/healthz"));
  receive_through(client, "\r\n\r\nok\n");
}

TEST(Admin, IsNotReadyFromTheMomentThatStoppingBegins) {
  Server server("admin: {port: 0}\nshutdown: {delay: 1h}");
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(get(server, "/readyz")));
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping in ");
  EXPECT_EQ("HTTP/1.1 503 Service Unavailable", status_line(get(server, "/readyz")));
  EXPECT_EQ("HTTP/1.1 200 OK", status_line(get(server, "/healthz")));
  EXPECT_EQ("hello", server.connect().echo("hello")) << "others have not yet turned away";
  server.stop(SIGTERM, 1);
}

TEST(Admin, AnswersWhileTheServiceDrainsButDoesNotKeepItAlive) {
  Server server("admin: {port: 0}\nshutdown: {timeout: 1h}");
  SocketClient idle = connect_to_admin(server);
  SocketClient client = server.connect();
  // The client does not read, so that the echo stays under way.
  client.send_until_blocked(std::string(std::size_t{64} * 1024 * 1024, 'a'));
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping, with 1 connections");
  EXPECT_EQ("HTTP/1.1 503 Service Unavailable", status_line(get(server, "/readyz")));
  const auto status = nlohmann::json::parse(body(get(server, "/status")));
  EXPECT_EQ(1, status["connections"]["active"]);
  EXPECT_EQ(false, status["ready"]);
  client.reset();
  server.expect_exit(0);
}

}  // namespace
}  // namespace service
