#include "server/udp/udp_sockets.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coro/timer.hpp"
#include "tests/unit/server/pipe.hpp"
#include "tests/unit/server/socket_end.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Service {
  Service(coro::Yield yield, Config configuration, std::vector<int> inherited = {})
      : config(std::move(configuration)),
        sockets(yield.scheduler(), config, log, statistics, changed, std::move(inherited)) {}

  void open(coro::Yield yield) {
    UdpSockets::Change change = sockets.plan(config, yield);
    sockets.bind(change, config);
    sockets.open(change);
    sockets.finish(change, config, yield);
  }
  std::string logged() {
    log.flush();
    return pipe.read();
  }

  Config config;
  Pipe pipe;
  EventLog log{pipe.writer()};
  Statistics statistics;
  coro::Condition changed;
  UdpSockets sockets;
};

// Sends from a socket of its own to the address of a socket of the service.
class Client {
 public:
  explicit Client(int receiver) {
    const coro::Endpoint endpoint = local_endpoint(receiver);
    EXPECT_EQ(
        0, ::connect(socket_.number(), endpoint.data(), static_cast<socklen_t>(endpoint.size())));
  }
  void send(std::string_view payload) const {
    EXPECT_EQ(payload.size(), ::send(socket_.number(), payload.data(), payload.size(), 0));
  }
  std::string receive(coro::Yield yield) const {
    const coro::TimeLimit limit(yield, 10s);
    coro::Readiness readiness(yield.scheduler(), socket_.number());
    std::array<char, 100> bytes{};
    if (readiness.wait_readable(yield)) return "";
    const auto size = ::recv(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return {bytes.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

 private:
  coro::Descriptor socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

class HandedOverUdpSockets : public testing::Test {
 protected:
  HandedOverUdpSockets() {
    config_.host = {"127.0.0.1"};
    config_.udp.port = 0;
  }

  // The state that another program takes over. The service is gone then.
  std::vector<ListenerState> state_of_service(coro::Yield yield, std::vector<int> inherited = {}) {
    Service service(yield, config_, std::move(inherited));
    service.open(yield);
    std::vector<ListenerState> states = handed_over(service.sockets.state());
    service.sockets.close(yield);
    return states;
  }

  Config config_;
};

TEST_F(HandedOverUdpSockets, AnswerWhatHasArrivedBefore) {
  run([&](coro::Yield yield) {
    const auto states = state_of_service(yield);
    ASSERT_THAT(states, SizeIs(1));
    const Client client(states.front().socket);
    client.send("before");
    Service next(yield, config_);
    next.sockets.adopt(states);
    EXPECT_EQ("before", client.receive(yield));
    EXPECT_THAT(next.logged(), Not(HasSubstr("listening")));
    next.sockets.close(yield);
  });
}

TEST_F(HandedOverUdpSockets, AreWhereTheSameConfigurationWantsThem) {
  config_.host = {"127.0.0.1", "::1"};
  run([&](coro::Yield yield) {
    Service next(yield, config_);
    next.sockets.adopt(state_of_service(yield));
    const UdpSockets::Change same = next.sockets.plan(config_, yield);
    EXPECT_THAT(same.missing, IsEmpty());
    EXPECT_THAT(same.unwanted, IsEmpty());
    config_.host = {"::1"};
    const UdpSockets::Change other = next.sockets.plan(config_, yield);
    EXPECT_THAT(other.missing, IsEmpty());
    EXPECT_THAT(other.unwanted, SizeIs(1));
    next.sockets.close(yield);
  });
}

TEST_F(HandedOverUdpSockets, ReplaceTheConfiguredAddressesIfTheServiceManagerKeepsThem) {
  const int managed = coro::checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  const coro::Endpoint any = boost::asio::ip::tcp::endpoint(boost::asio::ip::tcp::v4(), 0);
  ASSERT_EQ(0, ::bind(managed, any.data(), static_cast<socklen_t>(any.size())));
  run([&](coro::Yield yield) {
    const auto states = state_of_service(yield, {managed});
    ASSERT_THAT(states, SizeIs(1));
    EXPECT_TRUE(states.front().inherited);
    Service next(yield, config_);
    next.sockets.adopt(states);
    next.open(yield);
    EXPECT_THAT(next.sockets.state(), SizeIs(1));
    EXPECT_THAT(next.logged(), IsEmpty());
    next.sockets.close(yield);
  });
}

TEST_F(HandedOverUdpSockets, AreOpenedAnewIfTheirDescriptorIsNoSocket) {
  run([&](coro::Yield yield) {
    auto states = state_of_service(yield);
    ::close(states.front().socket);
    states.front().socket = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    Service next(yield, config_);
    next.sockets.adopt(states);
    EXPECT_THAT(next.logged(), HasSubstr("error no longer listening on udp 127.0.0.1:0: "));
    next.open(yield);
    EXPECT_THAT(next.sockets.state(), SizeIs(1));
    next.sockets.close(yield);
  });
}

TEST_F(HandedOverUdpSockets, SendBeforeThatWhatTheyHoldBack) {
  config_.faults.delay = {.least = 1h, .most = 1h};
  run([&](coro::Yield yield) {
    Service service(yield, config_);
    service.open(yield);
    const Client client(service.sockets.state().front().socket);
    client.send("late");
    while (service.statistics.udp.received == 0)
      static_cast<void>(coro::sleep_for(yield, 1ms));
    EXPECT_EQ(0, service.statistics.udp.answered);
    service.sockets.flush();
    EXPECT_EQ("late", client.receive(yield));
    service.sockets.close(yield);
  });
}

}  // namespace
}  // namespace server
