#include "server/session/session_state.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coro/time_limit.hpp"
#include "server/session/sessions.hpp"
#include "tests/unit/coro/test_support.hpp"
#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using coro::Clock;
using coro::Descriptor;
using coro::Yield;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// A client, and the end of its connection that a program gets. Nothing here waits.
class Client {
 public:
  explicit Client(int receive_buffer = 0) {
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    ::bind(listener.number(), any, size);
    ::listen(listener.number(), 1);
    ::getsockname(listener.number(), any, &size);
    socket_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0)
      ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    ::connect(socket_.number(), any, size);
    ::fcntl(socket_.number(), F_SETFL, O_NONBLOCK);
    size = static_cast<socklen_t>(endpoint.capacity());
    accepted = Descriptor(
        ::accept4(listener.number(), endpoint.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    endpoint.resize(size);
  }

  // As much as the kernel takes.
  std::size_t send(std::string_view bytes) {
    const ssize_t size = ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  void half_close() { ::shutdown(socket_.number(), SHUT_WR); }
  void close() { socket_.close(); }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  // All that is there, behind what came before.
  const std::string& received() {
    std::array<char, 8192> chunk{};  // a coroutine's stack is small
    ssize_t size = 0;
    while ((size = ::recv(socket_.number(), chunk.data(), chunk.size(), 0)) > 0)
      received_.append(chunk.data(), static_cast<std::size_t>(size));
    ended_ = ended_ || size == 0;
    failed_ = failed_ || (size < 0 && errno != EAGAIN);
    return received_;
  }
  // The service has closed its half, after all that it sent.
  bool has_ended() {
    received();
    return ended_;
  }
  bool has_failed() const { return failed_; }

  Descriptor accepted;
  coro::Endpoint endpoint;

 private:
  Descriptor socket_;
  std::string received_;
  bool ended_ = false;
  bool failed_ = false;
};

// One of the programs that serve a connection, one after the other.
class Program {
 public:
  using Change = std::function<void(Config&)>;

  explicit Program(const Change& change = [](Config&) {})
      : config_(changed(change)), sessions_(scheduler_, config_, log_, statistics_) {
    log_.configure(config_);
    sessions_.configuration_changed();
  }
  ~Program() { scheduler_.unwind(); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  Program(Program&&) = delete;
  Program& operator=(Program&&) = delete;

  void start(Client& client, Transport transport = Transport::plain) {
    ASSERT_TRUE(sessions_.start(client.accepted, client.endpoint, transport,
                                coro::Stream::trigger_for(client.accepted.number())));
  }

  // Returns whether it became true.
  bool runs_until(const std::function<bool()>& holds) {
    bool held = false;
    run([&](Yield yield) {
      const auto deadline = Clock::now() + 10s;
      while (!(held = holds()) && Clock::now() < deadline)
        static_cast<void>(coro::sleep_for(yield, 1ms));
    });
    return held;
  }

  bool echoes(Client& client, std::string_view expected) {
    return runs_until([&] { return client.received().size() >= expected.size(); }) &&
           client.received() == expected;
  }

  // The states of the sessions, with sockets that outlive this program.
  std::vector<SessionState> handed_over() {
    std::vector<SessionState> states = sessions_.state();
    for (SessionState& state : states)
      state.socket = ::fcntl(state.socket, F_DUPFD_CLOEXEC, 0);
    return states;
  }

  void adopt(std::vector<SessionState> states) {
    statistics_.active += states.size();
    run([&](Yield yield) {
      for (SessionState& state : states)
        sessions_.adopt(std::move(state), yield);
    });
  }

  void run(const std::function<void(Yield)>& body) {
    scheduler_.run(scheduler_.spawn("test", body).value());
  }

  std::vector<std::string> logged() {
    log_.flush();
    return lines_of(pipe_.read());
  }

  Sessions& sessions() { return sessions_; }
  Statistics& statistics() { return statistics_; }
  coro::Scheduler& scheduler() { return scheduler_; }

 private:
  static Config changed(const Change& change) {
    Config config;
    change(config);
    return config;
  }

  Config config_;
  Pipe pipe_;
  coro::Scheduler scheduler_;
  EventLog log_{pipe_.writer()};
  Statistics statistics_;
  Sessions sessions_;
};

// Without one nobody keeps since when a client is silent.
void with_idle_timeout(Config& config) {
  config.limits.idle_timeout = 1h;
}

// The connections go from one program to the next, and each program ends before the next one goes
// on.
class SessionStateTest : public testing::Test {
 protected:
  void begin(const Program::Change& change = [](Config&) {}) { program_.emplace(change); }

  std::vector<SessionState> end() {
    std::vector<SessionState> states = program_->handed_over();
    program_.reset();
    return states;
  }

  void go_on(
      std::vector<SessionState> states, const Program::Change& change = [](Config&) {}) {
    program_.emplace(change);
    program_->adopt(std::move(states));
  }

  // Until the only session is so.
  bool is(const std::function<bool(const SessionState&)>& so) {
    return program_->runs_until([&] {
      const std::vector<SessionState> states = program_->sessions().state();
      return states.size() == 1 && so(states.front());
    });
  }
  bool ended(Ending ending) {
    return program_->runs_until([&] { return program_->statistics().count(ending) == 1; });
  }

  std::optional<Program> program_;
};

// ---- at each place where a session is suspended

TEST_F(SessionStateTest, AClientThatIsSilentGoesOnWhereItWas) {
  Client client;
  begin(with_idle_timeout);
  program_->start(client);
  client.send("hello");
  ASSERT_TRUE(program_->echoes(client, "hello"));
  ASSERT_THAT(program_->logged(), SizeIs(2));

  const std::vector<SessionState> states = end();
  ASSERT_THAT(states, SizeIs(1));
  EXPECT_EQ(states[0].number, 1U);
  EXPECT_EQ(states[0].peer.name, peer_at(client.endpoint).name);
  EXPECT_EQ(states[0].totals.bytes_in, 5U);
  EXPECT_TRUE(states[0].introduced);
  EXPECT_TRUE(states[0].silent_since);
  EXPECT_FALSE(states[0].greeting || states[0].ending || states[0].faults);
  EXPECT_THAT(states[0].unsent, IsEmpty());

  client.send(" from");  // between the two programs
  go_on(states);
  ASSERT_TRUE(program_->echoes(client, "hello from"));
  client.send(" here");
  ASSERT_TRUE(program_->echoes(client, "hello from here"));
  client.close();
  ASSERT_TRUE(ended(Ending::closed_by_client));
  EXPECT_THAT(
      program_->logged(),
      ElementsAre(HasSubstr("client 1 received 5 bytes"), HasSubstr("client 1 received 5 bytes"),
                  HasSubstr("client 1 disconnected: closed by client (15 bytes in, 15 "
                            "bytes out")));
  EXPECT_EQ(program_->statistics().active, 0U);
}

TEST_F(SessionStateTest, ASessionWhoseCoroutineHasNotRunGoesOn) {
  Client client;
  begin();
  program_->start(client);
  client.send("hello");
  go_on(end());
  ASSERT_TRUE(program_->echoes(client, "hello"));
  EXPECT_THAT(program_->logged(),
              ElementsAre(HasSubstr("client 1 connected from"), HasSubstr("client 1 received")));
}

TEST_F(SessionStateTest, OneThatWasAdoptedAndHasNotRunSinceGoesOn) {
  Client client;
  begin();
  program_->start(client);
  client.send("a");
  ASSERT_TRUE(program_->echoes(client, "a"));
  go_on(end());
  go_on(end());
  client.send("b");
  ASSERT_TRUE(program_->echoes(client, "ab"));
}

TEST_F(SessionStateTest, AProxyHeaderOfWhichAPartIsReadIsReadToItsEnd) {
  const auto behind_a_proxy = [](Config& config) { config.proxy_protocol = ProxyProtocol::v1; };
  for (const Program::Change& next :
       {Program::Change(behind_a_proxy), Program::Change([](Config&) {})}) {
    Client client;
    begin(behind_a_proxy);
    program_->start(client);
    client.send("PROXY TCP4 192.0.2.7 ");
    ASSERT_TRUE(
        is([](const SessionState& state) { return state.greeting == "PROXY TCP4 192.0.2.7 "; }));
    std::vector<SessionState> states = end();
    client.send("192.0.2.8 7777 7\r\nhello");
    go_on(states, next);
    ASSERT_TRUE(program_->echoes(client, "hello"));
    EXPECT_THAT(program_->logged(), ElementsAre(HasSubstr("client 1 connected from 192.0.2.7:7777"),
                                                HasSubstr("client 1 received 5 bytes")));
    EXPECT_EQ(end().at(0).peer.name, "192.0.2.7:7777");
  }
}

TEST_F(SessionStateTest, WhatAClientHasNotReadYetIsSentOnce) {
  Client client(4096);
  std::string sent;
  begin();
  program_->start(client);
  // From program to program, each time with bytes that the socket does not take.
  for (int programs = 0; programs < 5; ++programs) {
    ASSERT_TRUE(program_->runs_until([&] {
      std::string chunk;
      for (int n = 0; n < 10'000; ++n)
        chunk += std::to_string(sent.size() + static_cast<std::size_t>(n)) + ' ';
      sent += chunk.substr(0, client.send(chunk));
      const auto states = program_->sessions().state();
      return states.size() == 1 && !states[0].unsent.empty();
    }));
    std::vector<SessionState> states = end();
    EXPECT_EQ(states[0].totals.bytes_in, states[0].totals.bytes_out + states[0].unsent.size());
    EXPECT_FALSE(states[0].silent_since);
    go_on(std::move(states));
    // Of what is under way, some arrives and some does not: how much that is depends on the kernel.
    const std::size_t before = client.received().size();
    const std::size_t some = std::min<std::size_t>((sent.size() - before) / 2, 20'000);
    ASSERT_TRUE(program_->runs_until([&] { return client.received().size() > before + some; }));
  }
  client.half_close();
  ASSERT_TRUE(program_->runs_until([&] { return client.has_ended(); }));
  EXPECT_FALSE(client.has_failed());
  EXPECT_TRUE(client.received() == sent);
  ASSERT_TRUE(ended(Ending::closed_by_client));
  EXPECT_THAT(program_->logged().back(),
              HasSubstr("(" + std::to_string(sent.size()) + " bytes in, " +
                        std::to_string(sent.size()) + " bytes out"));
}

TEST_F(SessionStateTest, BytesThatAFaultHoldsBackWaitForTheRestOfTheirTime) {
  Client client;
  begin([](Config& config) {
    config.faults.delay = {300ms, 300ms};
    config.faults.close_after.bytes = 5;
  });
  const auto start = Clock::now();
  program_->start(client);
  client.send("hello");
  ASSERT_TRUE(is([](const SessionState& state) { return state.unsent == "hello"; }));
  std::vector<SessionState> states = end();
  EXPECT_GT(states[0].held_back, 0ns);
  EXPECT_LE(states[0].held_back, 300ms);
  EXPECT_EQ(states[0].totals.bytes_in, 5U);
  EXPECT_EQ(states[0].totals.bytes_out, 0U);

  go_on(states);  // with no faults for those who connect there
  ASSERT_TRUE(program_->echoes(client, "hello"));
  EXPECT_GE(Clock::now() - start, 300ms);
  ASSERT_TRUE(program_->runs_until([&] { return client.has_ended(); }));
  client.close();
  ASSERT_TRUE(ended(Ending::fault));
  EXPECT_THAT(program_->logged(),
              ElementsAre(HasSubstr("fault: close_after (5 bytes in, 5 bytes out")));
}

TEST_F(SessionStateTest, TheLifeThatAFaultLeavesAConnectionGoesOn) {
  Client client;
  begin([](Config& config) { config.faults.close_after.time = 1h; });
  program_->start(client);
  client.send("a");
  ASSERT_TRUE(program_->echoes(client, "a"));
  std::vector<SessionState> states = end();
  ASSERT_TRUE(states[0].faults && states[0].faults->life_left);
  EXPECT_GT(*states[0].faults->life_left, 59min);
  states[0].faults->life_left = 50ms;
  go_on(states);
  ASSERT_TRUE(program_->runs_until([&] { return client.has_ended(); }));
  // The goodbye goes on, too.
  ASSERT_TRUE(is([](const SessionState& state) { return state.ending == Ending::fault; }));
  go_on(end());
  client.close();
  EXPECT_TRUE(ended(Ending::fault));
}

TEST_F(SessionStateTest, AConnectionThatAFaultResetsIsReset) {
  Client client;
  begin([](Config& config) { config.faults.reset_probability = 1; });
  program_->start(client);
  ASSERT_TRUE(is([](const SessionState& state) { return state.faults && state.faults->resets; }));
  go_on(end());
  client.send("hello");
  ASSERT_TRUE(ended(Ending::fault));
  EXPECT_THAT(client.received(), IsEmpty());
  EXPECT_TRUE(client.has_failed());
}

TEST_F(SessionStateTest, AClientThatHasClosedItsHalfGetsAllThatItIsOwed) {
  Client client(4096);
  const std::string bytes(1'000'000, 'x');
  begin();
  program_->start(client);
  std::size_t sent = 0;
  ASSERT_TRUE(program_->runs_until([&] {
    sent += client.send(std::string_view(bytes).substr(sent));
    return sent == bytes.size();
  }));
  client.half_close();
  // The service's kernel has taken all, so the session waits until the client has it.
  ASSERT_TRUE(is([&](const SessionState& state) {
    return state.ending == Ending::closed_by_client && state.totals.bytes_out == bytes.size();
  }));
  go_on(end());
  ASSERT_TRUE(
      is([](const SessionState& state) { return state.ending == Ending::closed_by_client; }));
  ASSERT_TRUE(program_->runs_until([&] { return client.has_ended(); }));
  EXPECT_TRUE(client.received() == bytes);
  EXPECT_FALSE(client.has_failed());
  EXPECT_TRUE(ended(Ending::closed_by_client));
}

TEST_F(SessionStateTest, AGoodbyeGoesOnUntilTheClientHasClosedItsHalf) {
  Client client;
  begin([](Config& config) {
    config.proxy_protocol = ProxyProtocol::any;
    config.trusted_proxies = {};
  });
  program_->start(client);
  ASSERT_TRUE(is([](const SessionState& state) { return state.ending == Ending::proxy_header; }));
  std::vector<SessionState> states = end();
  EXPECT_EQ(states[0].detail, ": not from a trusted proxy");
  const auto until = states[0].goodbye_until;
  EXPECT_TRUE(until);
  go_on(states);
  EXPECT_TRUE(is([&](const SessionState& state) { return state.goodbye_until == until; }));
  ASSERT_TRUE(program_->runs_until([&] { return client.has_ended(); }));
  EXPECT_EQ(program_->statistics().active, 1U);
  client.close();
  ASSERT_TRUE(ended(Ending::proxy_header));
  EXPECT_THAT(program_->logged(),
              ElementsAre(HasSubstr("disconnected: proxy header: not from a trusted proxy (0 ")));
}

// ---- time-outs and limits

TEST_F(SessionStateTest, TheIdleTimeoutCountsFromTheClientsLastByte) {
  Client idle;
  Client busy;
  begin(with_idle_timeout);
  program_->start(idle);
  program_->start(busy);
  ASSERT_TRUE(program_->runs_until([&] { return program_->sessions().state().size() == 2; }));
  std::vector<SessionState> states = end();
  ASSERT_TRUE(states[0].silent_since && states[1].silent_since);
  *states[0].silent_since -= 2h;
  const std::uint64_t number = states[0].number;
  std::swap(states[0], states[1]);  // whatever the order in which they are adopted
  go_on(states, with_idle_timeout);
  ASSERT_TRUE(program_->runs_until([&] {
    const std::vector<SessionState> now = program_->sessions().state();
    return now.size() == 2 && now[1].number == number && now[1].ending == Ending::idle_timeout;
  }));
  busy.send("a");
  EXPECT_TRUE(program_->echoes(busy, "a"));
}

TEST_F(SessionStateTest, WithoutAnIdleTimeoutNoTimeIsHandedOver) {
  Client client;
  begin();
  program_->start(client);
  client.send("a");
  ASSERT_TRUE(program_->echoes(client, "a"));
  std::vector<SessionState> states = end();
  EXPECT_FALSE(states[0].silent_since);
  go_on(states, with_idle_timeout);
  ASSERT_TRUE(is([](const SessionState& state) { return state.silent_since.has_value(); }));
  EXPECT_LT(Clock::now() - *program_->sessions().state()[0].silent_since, 30min);
}

TEST_F(SessionStateTest, ATimeoutThatHasJustComeIsKept) {
  Client client;
  begin([](Config& config) { config.limits.idle_timeout = 20ms; });
  program_->start(client);
  ASSERT_TRUE(is([](const SessionState& state) { return state.silent_since.has_value(); }));
  std::vector<SessionState> states;
  program_->run([&](Yield yield) {
    // Time-outs are handled before the sessions that they concern.
    while (states.empty() || Clock::now() < *states[0].silent_since + 20ms) {
      states = program_->sessions().state();
      yield.now();
    }
  });
  EXPECT_TRUE(states[0].silent_since);
  EXPECT_FALSE(states[0].ending);
}

TEST_F(SessionStateTest, ThoseWhoHaveBeenSilentLongestAreFirst) {
  std::array<Client, 3> clients;
  begin(with_idle_timeout);
  for (Client& client : clients)
    program_->start(client);
  ASSERT_TRUE(program_->runs_until([&] { return program_->sessions().state().size() == 3; }));
  go_on(end(), with_idle_timeout);
  clients[0].send("a");
  ASSERT_TRUE(program_->echoes(clients[0], "a"));
  const std::vector<SessionState> states = program_->sessions().state();
  EXPECT_THAT((std::vector{states[0].number, states[1].number, states[2].number}),
              ElementsAre(2, 3, 1));
}

TEST_F(SessionStateTest, NoLimitTurnsAClientAwayButEachOneCounts) {
  std::array<Client, 3> clients;
  begin();
  program_->start(clients[0]);
  program_->start(clients[1]);
  ASSERT_TRUE(program_->runs_until([&] { return program_->sessions().state().size() == 2; }));
  go_on(end(), [](Config& config) {
    config.limits.max_connections = 1;
    config.limits.max_connections_per_ip = 2;
    config.access.deny = {*Network::parse("127.0.0.0/8")};
    config.access.combine();
  });
  for (std::size_t n : {0U, 1U}) {
    clients[n].send("a");
    EXPECT_TRUE(program_->echoes(clients[n], "a"));
  }
  EXPECT_TRUE(program_->sessions().full());
}

TEST_F(SessionStateTest, AnAddressThatHasItsShareGetsNoMore) {
  std::array<Client, 2> clients;
  begin();
  program_->start(clients[0]);
  clients[0].send("a");
  ASSERT_TRUE(program_->echoes(clients[0], "a"));
  go_on(end(), [](Config& config) { config.limits.max_connections_per_ip = 1; });
  program_->start(clients[1]);
  EXPECT_TRUE(ended(Ending::limit));
}

TEST_F(SessionStateTest, AProbeIsIntroducedWithTheTimeAtWhichItConnected) {
  Client client;
  const auto without_probes = [](Config& config) {
    with_idle_timeout(config);
    config.log.probes = false;
  };
  begin(without_probes);
  program_->start(client);
  ASSERT_TRUE(is([](const SessionState& state) { return state.silent_since.has_value(); }));
  EXPECT_THAT(program_->logged(), IsEmpty());
  std::vector<SessionState> states = end();
  EXPECT_FALSE(states[0].introduced);
  EXPECT_LT(std::chrono::system_clock::now() - states[0].connected_at, 1min);
  states[0].connected_at = std::chrono::system_clock::time_point();
  go_on(states, without_probes);
  client.send("a");
  ASSERT_TRUE(program_->echoes(client, "a"));
  EXPECT_THAT(program_->logged(), ElementsAre(AllOf(HasSubstr("19"), HasSubstr("connected from")),
                                              HasSubstr("received 1 byte")));
}

TEST_F(SessionStateTest, AClientThatStallsAfterwardsIsStillEnded) {
  Client client(4096);
  const std::string bytes(1'000'000, 'x');
  begin();
  program_->start(client);
  ASSERT_TRUE(program_->runs_until([&] {
    client.send(bytes);
    const std::vector<SessionState> states = program_->sessions().state();
    return states.size() == 1 && !states[0].unsent.empty();
  }));
  go_on(end(), [](Config& config) { config.limits.write_timeout = 10ms; });
  EXPECT_TRUE(ended(Ending::write_timeout));
}

TEST_F(SessionStateTest, TheLooksAtOneThatStallsCountOn) {
  Client client(4096);
  const std::string bytes(1'000'000, 'x');
  begin([](Config& config) { config.limits.write_timeout = 10ms; });
  program_->start(client);
  ASSERT_TRUE(program_->runs_until([&] {
    client.send(bytes);
    const std::vector<SessionState> states = program_->sessions().state();
    return states.size() == 1 && states[0].delivery.without_progress > 1;
  }));
  const std::vector<SessionState> states = end();
  go_on(states, [](Config& config) { config.limits.write_timeout = std::chrono::hours(1); });
  const DeliveryState before = states[0].delivery;
  ASSERT_TRUE(is([](const SessionState& state) { return !state.unsent.empty(); }));
  EXPECT_EQ(before, program_->sessions().state()[0].delivery);
}

// ---- all sessions

TEST_F(SessionStateTest, TheNumbersOfClientsGoOn) {
  Client client;
  begin();
  EXPECT_EQ(program_->sessions().last_number(), 0U);
  program_->sessions().set_last_number(41);
  program_->start(client);
  EXPECT_EQ(program_->sessions().last_number(), 42U);
  EXPECT_EQ(program_->sessions().state().at(0).number, 42U);
}

TEST_F(SessionStateTest, ADescriptorThatIsNoConnectionIsReportedAndClosed) {
  begin();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor reader(ends[0]);
  std::vector<SessionState> states(1);
  states[0].socket = ends[1];
  states[0].number = 7;
  states[0].peer.name = "192.0.2.1:7";
  program_->adopt(std::move(states));
  EXPECT_EQ(::fcntl(ends[1], F_GETFD), -1);
  EXPECT_EQ(program_->statistics().active, 0U);
  EXPECT_THAT(program_->logged(),
              ElementsAre(HasSubstr("error client 7 at 192.0.2.1:7 is given up: its descriptor is "
                                    "no connection")));
}

TEST_F(SessionStateTest, AClientThatHasResetItsConnectionMeanwhileIsLoggedAsThat) {
  Client client;
  begin(with_idle_timeout);
  program_->start(client);
  ASSERT_TRUE(is([](const SessionState& state) { return state.silent_since.has_value(); }));
  std::vector<SessionState> states = end();
  client.reset();
  go_on(states);
  EXPECT_TRUE(ended(Ending::reset_by_client));
}

void limit_address_space(rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
}

// Adopts while no coroutine has a stack, and sees that the client is served once one has. Exits
// with 0 if so.
[[noreturn]] void adopt_without_memory(Client& client, std::vector<SessionState> states) {
  Program program;
  coro::Condition never;
  bool waited = false;
  program.run([&](Yield yield) {
    coro::Scheduler& scheduler = program.scheduler();
    const auto relax = [&](Yield inside) {
      static_cast<void>(coro::sleep_for(inside, 50ms));
      waited = program.sessions().state().empty();
      limit_address_space(RLIM_INFINITY);
    };
    scheduler.spawn("relax", relax).value();
    limit_address_space(1);
    while (scheduler.spawn("full", [&](Yield inside) { never.wait(inside); })) {
    }
    program.sessions().adopt(std::move(states.front()), yield);
  });
  client.send("a");
  const bool ok = waited && program.echoes(client, "a");
  std::_Exit(ok ? 0 : 1);
}

TEST_F(SessionStateTest, WithoutMemoryForItsCoroutineAClientWaits) {
  if (coro::memory_is_watched())
    GTEST_SKIP() << "the limit would stop the tool that watches memory";
  Client client;
  begin(with_idle_timeout);
  program_->start(client);
  ASSERT_TRUE(is([](const SessionState& state) { return state.silent_since.has_value(); }));
  EXPECT_EXIT(adopt_without_memory(client, end()), testing::ExitedWithCode(0), "");
}

// ---- sessions that speak TLS

class TlsSessionsTest : public SessionStateTest {
 protected:
  // A proxy comes before TLS, so no certificate is needed.
  TlsSessionsTest() {
    begin([](Config& config) { config.proxy_protocol = ProxyProtocol::v1; });
  }
  bool are(std::size_t active) {
    return program_->runs_until([&] { return program_->statistics().active == active; });
  }
};

TEST_F(TlsSessionsTest, OnlyTheyDrainAndOnlyTheOthersAreHandedOver) {
  Client plain;
  Client tls;
  program_->start(plain);
  program_->start(tls, Transport::tls);
  EXPECT_THAT(program_->sessions().state(), SizeIs(1));  // neither has run
  ASSERT_TRUE(is([](const SessionState&) { return true; }));
  program_->sessions().drain_tls();
  tls.close();
  bool none_left = false;
  program_->run([&](Yield yield) { none_left = !program_->sessions().wait_until_no_tls(yield); });
  EXPECT_TRUE(none_left);
  EXPECT_EQ(program_->statistics().count(Ending::shutdown), 1U);
  EXPECT_THAT(program_->sessions().state(), SizeIs(1));
  plain.send("PROXY UNKNOWN\r\nhello");
  EXPECT_TRUE(program_->echoes(plain, "hello"));
}

TEST_F(TlsSessionsTest, OneThatBeginsWhileTheyDrainEndsToo) {
  Client early;
  Client late;
  program_->start(early, Transport::tls);
  program_->sessions().drain_tls();
  program_->start(late, Transport::tls);
  early.close();
  late.close();
  ASSERT_TRUE(are(0));
  EXPECT_EQ(program_->statistics().count(Ending::shutdown), 2U);
}

TEST_F(TlsSessionsTest, TheyEndAtOnceIfTheyMust) {
  Client client;
  program_->start(client, Transport::tls);
  program_->sessions().drain_tls();
  program_->sessions().abort_tls();
  EXPECT_TRUE(are(0));
}

TEST_F(TlsSessionsTest, TheyGoOnAfterAnUpgradeThatFailed) {
  Client client;
  program_->sessions().drain_tls();
  program_->sessions().go_on_with_tls();
  program_->start(client, Transport::tls);
  const auto begun = Clock::now();
  ASSERT_TRUE(program_->runs_until([&] { return Clock::now() > begun + 50ms; }));
  EXPECT_EQ(program_->statistics().active, 1U);
  client.close();
  EXPECT_TRUE(ended(Ending::proxy_header));
}

}  // namespace
}  // namespace server
