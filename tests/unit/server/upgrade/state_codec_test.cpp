#include "server/upgrade/state_codec.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <typeinfo>

#include "server/upgrade/cbor_writer.hpp"
#include "server/upgrade/state_fields.hpp"
#include "tests/unit/server/upgrade/sample_state.hpp"

namespace server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string file(const std::string& name) {
  std::ifstream stream(STATES "/" + name, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << name;
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A state with this CBOR, with a right header.
std::string with_header(const std::string& cbor, const std::string& bulk = "", int version = 1) {
  boost::crc_32_type crc;
  crc.process_bytes(cbor.data(), cbor.size());
  return fmt::format("coroecho state {} {} {:08x}\n", version, cbor.size(), crc.checksum()) + cbor +
         bulk;
}

std::string error_of(const std::string& bytes) {
  const auto state = decode(bytes);
  return state ? "" : state.error();
}

// The error of a state with one session, whose fields `write` writes.
template <typename Write>
std::string error_of_session(Write write, const std::string& bulk = "") {
  CborWriter cbor;
  cbor.begin_map();
  cbor.text("sessions");
  cbor.begin_array();
  cbor.begin_map();
  cbor.text("socket");
  cbor.number(9);
  write(cbor);
  cbor.end();
  cbor.end();
  cbor.end();
  return error_of(with_header(cbor.written(), bulk));
}

void expect_equal(const FaultsConfig& found, const FaultsConfig& expected) {
  EXPECT_EQ(found.delay, expected.delay);
  EXPECT_EQ(found.rate, expected.rate);
  EXPECT_EQ(found.close_after, expected.close_after);
  EXPECT_EQ(found.reset_probability, expected.reset_probability);
  EXPECT_EQ(found.loss, expected.loss);
  EXPECT_EQ(found.duplicate, expected.duplicate);
  EXPECT_EQ(found.reorder, expected.reorder);
}

void expect_equal(const SessionState& found, const SessionState& expected) {
  EXPECT_EQ(found.socket, expected.socket);
  EXPECT_EQ(found.number, expected.number);
  EXPECT_EQ(found.peer.name, expected.peer.name);
  EXPECT_EQ(found.peer.address, expected.peer.address);
  EXPECT_EQ(found.connected, expected.connected);
  EXPECT_EQ(found.greeting, expected.greeting);
  EXPECT_EQ(found.introduced, expected.introduced);
  EXPECT_EQ(found.connected_at, expected.connected_at);
  EXPECT_EQ(found.totals.bytes_in, expected.totals.bytes_in);
  EXPECT_EQ(found.totals.bytes_out, expected.totals.bytes_out);
  EXPECT_EQ(found.totals.duration, expected.totals.duration);
  EXPECT_EQ(found.silent_since, expected.silent_since);
  EXPECT_EQ(found.unsent, expected.unsent);
  EXPECT_EQ(found.held_back, expected.held_back);
  EXPECT_EQ(found.delivery, expected.delivery);
  EXPECT_EQ(found.ending, expected.ending);
  EXPECT_EQ(found.detail, expected.detail);
  EXPECT_EQ(found.goodbye_until, expected.goodbye_until);
  ASSERT_EQ(found.faults.has_value(), expected.faults.has_value());
  if (!found.faults) return;
  expect_equal(found.faults->config, expected.faults->config);
  EXPECT_EQ(found.faults->resets, expected.faults->resets);
  EXPECT_EQ(found.faults->life_left, expected.faults->life_left);
}

void expect_equal(const ListenerState& found, const ListenerState& expected) {
  EXPECT_EQ(found.socket, expected.socket);
  EXPECT_EQ(found.asked.endpoint, expected.asked.endpoint);
  EXPECT_EQ(found.asked.endpoint.protocol(), expected.asked.endpoint.protocol());
  EXPECT_EQ(found.asked.optional, expected.asked.optional);
  EXPECT_EQ(found.asked.dual_stack, expected.asked.dual_stack);
  EXPECT_EQ(found.asked.transport, expected.asked.transport);
  EXPECT_EQ(found.inherited, expected.inherited);
  EXPECT_EQ(found.file, expected.file);
  EXPECT_EQ(found.path, expected.path);
  EXPECT_EQ(found.mode, expected.mode);
  EXPECT_EQ(found.accepted, expected.accepted);
}

void expect_equal(const ServiceEnvironment& found, const ServiceEnvironment& expected) {
  EXPECT_EQ(found.notify_socket, expected.notify_socket);
  EXPECT_EQ(found.watchdog, expected.watchdog);
  ASSERT_EQ(found.descriptors.size(), expected.descriptors.size());
  for (std::size_t index = 0; index < found.descriptors.size(); ++index) {
    EXPECT_EQ(found.descriptors[index].number, expected.descriptors[index].number);
    EXPECT_EQ(found.descriptors[index].name, expected.descriptors[index].name);
  }
}

void expect_equal(const Statistics& found, const Statistics& expected) {
  EXPECT_EQ(found.started, expected.started);
  EXPECT_EQ(found.accepted, expected.accepted);
  EXPECT_EQ(found.active, expected.active);
  EXPECT_EQ(found.peak, expected.peak);
  EXPECT_EQ(found.endings, expected.endings);
  EXPECT_EQ(found.bytes_received, expected.bytes_received);
  EXPECT_EQ(found.bytes_sent, expected.bytes_sent);
  EXPECT_EQ(found.reads, expected.reads);
  EXPECT_EQ(found.udp.received, expected.udp.received);
  EXPECT_EQ(found.udp.answered, expected.udp.answered);
  EXPECT_EQ(found.udp.bytes_received, expected.udp.bytes_received);
  EXPECT_EQ(found.udp.bytes_sent, expected.udp.bytes_sent);
  EXPECT_EQ(found.udp.refusals, expected.udp.refusals);
  EXPECT_EQ(found.handshakes, expected.handshakes);
  EXPECT_EQ(found.failed_handshakes, expected.failed_handshakes);
  EXPECT_EQ(found.timed_out_handshakes, expected.timed_out_handshakes);
  EXPECT_EQ(found.accept_pauses, expected.accept_pauses);
  EXPECT_EQ(found.full_waits, expected.full_waits);
  EXPECT_EQ(found.accept_rate_waits, expected.accept_rate_waits);
  EXPECT_EQ(found.reloads, expected.reloads);
  EXPECT_EQ(found.failed_reloads, expected.failed_reloads);
  EXPECT_EQ(found.upgrades, expected.upgrades);
  EXPECT_EQ(found.failed_upgrades, expected.failed_upgrades);
}

void expect_equal(const program::Histogram& found, const program::Histogram& expected) {
  EXPECT_EQ(found.count(), expected.count());
  EXPECT_EQ(found.snapshot().counts, expected.snapshot().counts);
  EXPECT_EQ(found.min(), expected.min());
  EXPECT_EQ(found.max(), expected.max());
  EXPECT_EQ(found.sum(), expected.sum());
  EXPECT_EQ(found.deviation(), expected.deviation());
}

template <typename T>
void expect_equal(const std::vector<T>& found, const std::vector<T>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t index = 0; index < found.size(); ++index)
    expect_equal(found[index], expected[index]);
}

void expect_equal(const State& found, const State& expected) {
  expect_equal(found.sessions, expected.sessions);
  expect_equal(found.listeners, expected.listeners);
  expect_equal(found.udp_sockets, expected.udp_sockets);
  ASSERT_EQ(found.admin.has_value(), expected.admin.has_value());
  if (found.admin) {
    EXPECT_EQ(found.admin->socket, expected.admin->socket);
    EXPECT_EQ(found.admin->config, expected.admin->config);
    EXPECT_EQ(found.admin->inherited, expected.admin->inherited);
  }
  expect_equal(found.environment, expected.environment);
  EXPECT_EQ(found.pid_file, expected.pid_file);
  EXPECT_EQ(found.last_number, expected.last_number);
  expect_equal(found.statistics, expected.statistics);
  expect_equal(found.lag, expected.lag);
  EXPECT_EQ(found.coroutines.alive, expected.coroutines.alive);
  EXPECT_EQ(found.coroutines.peak, expected.coroutines.peak);
  EXPECT_EQ(found.coroutines.spawned, expected.coroutines.spawned);
  EXPECT_EQ(found.coroutines.failed, expected.coroutines.failed);
  EXPECT_EQ(found.coroutines.stacks, expected.coroutines.stacks);
  EXPECT_EQ(found.log.lines, expected.log.lines);
  EXPECT_EQ(found.log.begun, expected.log.begun);
  EXPECT_EQ(found.log.destination, expected.log.destination);
  EXPECT_EQ(found.log.unreported, expected.log.unreported);
  EXPECT_EQ(found.log.dropped, expected.log.dropped);
  EXPECT_EQ(found.reload_asked, expected.reload_asked);
  EXPECT_EQ(found.upgrade_asked, expected.upgrade_asked);
}

struct CountingVisit {
  void operator()(const char*, auto) { ++count; }
  void in_bulk(const char*, auto) { ++count; }
  template <typename Name>
  void counts(const char*, auto) {
    ++count;
  }
  std::size_t count = 0;
};

template <typename T>
void expect_all_are_named(std::size_t left_out = 0) {
  CountingVisit visit;
  fields(Type<T>(), visit);
  EXPECT_EQ(visit.count + left_out, boost::pfr::tuple_size_v<T>) << typeid(T).name();
}

TEST(StateCodec, NamesEachFieldThatAStructHas) {
  expect_all_are_named<State>();
  expect_all_are_named<SessionState>();
  expect_all_are_named<Peer>();
  expect_all_are_named<SessionTotals>();
  expect_all_are_named<DeliveryState>();
  expect_all_are_named<FaultsState>();
  expect_all_are_named<FaultsConfig>();
  expect_all_are_named<DurationRange>();
  expect_all_are_named<CloseAfter>();
  expect_all_are_named<ListenerState>();
  expect_all_are_named<ListenAddress>(2);  // origins
  expect_all_are_named<AdminState>();
  expect_all_are_named<AdminConfig>();
  expect_all_are_named<ServiceEnvironment>();
  expect_all_are_named<InheritedDescriptor>();
  expect_all_are_named<Statistics>();
  expect_all_are_named<UdpStatistics>();
  expect_all_are_named<coro::Scheduler::Counters>();
  expect_all_are_named<LogState>();
  expect_all_are_named<program::Histogram::Snapshot>();
}

TEST(StateCodec, EachFieldComesBack) {
  const auto state = decode(encode(sample_state()));
  ASSERT_TRUE(state) << state.error();
  expect_equal(*state, sample_state());
}

TEST(StateCodec, AStateOfNothingComesBack) {
  State nothing;
  const auto state = decode(encode(nothing));
  ASSERT_TRUE(state) << state.error();
  expect_equal(*state, nothing);
}

// Releases write other states later. They must go on to read this one, which lacks what was added
// since.
TEST(StateCodec, ReadsTheStateThatTheFirstReleaseWithUpgradesWrote) {
  State expected = sample_state();
  expected.sessions[0].delivery = {};
  expected.sessions[0].goodbye_until = {};
  expected.statistics.full_waits = 0;
  expected.statistics.accept_rate_waits = 0;
  const auto state = decode(file("version-1"));
  ASSERT_TRUE(state) << state.error();
  expect_equal(*state, expected);
}

TEST(StateCodec, RefusesAStateOfALaterVersionWhateverFollows) {
  const std::string expected = "its state has version 2, this program reads up to 1";
  EXPECT_EQ(error_of(with_header("\xa0", "", 2)), expected);
  EXPECT_EQ(error_of("coroecho state 2 of another format"), expected);
  EXPECT_EQ(error_of("coroecho state 0 1 00000000\n\xa0"), "this is no state of coroecho");
}

TEST(StateCodec, RefusesBytesThatAreNoState) {
  for (const std::string bytes :
       {"", "coroecho", "coroecho state", "coroecho state 1", "coroecho state 1 0\n",
        "coroecho state 1 -1 00000000\n", "coroecho state x 0 00000000\n",
        "coroecho state 1 99999999999999999999 00000000\n", "coroecho state 1 0 00000000"})
    EXPECT_EQ(error_of(bytes), "this is no state of coroecho") << bytes;
}

TEST(StateCodec, RefusesAStateThatIsCutShortAnywhere) {
  const std::string whole = encode(sample_state());
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_NE(error_of(whole.substr(0, size)), "") << size;
}

TEST(StateCodec, RefusesBytesBehindTheEnd) {
  EXPECT_THAT(error_of(encode(sample_state()) + "x"), HasSubstr("bytes behind the end"));
  EXPECT_THAT(error_of(with_header("\xa0\xa0")), HasSubstr("bytes behind the end"));
}

TEST(StateCodec, FindsADamagedByteByTheChecksum) {
  std::string bytes = encode(sample_state());
  bytes[bytes.find('\n') + 20] ^= 1;
  EXPECT_EQ(error_of(bytes), "its state is damaged: the checksum is wrong");
}

TEST(StateCodec, IgnoresFieldsThatItDoesNotKnow) {
  const std::string error = error_of_session([](CborWriter& cbor) {
    cbor.text("colour");
    cbor.begin_array();
    cbor.begin_map();
    cbor.text("red");
    cbor.real(0.5);
    cbor.end();
    cbor.null();
    cbor.bytes("x");
    cbor.signed_number(-1);
    cbor.end();
  });
  EXPECT_EQ(error, "");
}

TEST(StateCodec, AFieldThatIsMissingHasItsDefault) {
  const auto state = decode(with_header("\xa0"));
  ASSERT_TRUE(state) << state.error();
  EXPECT_TRUE(state->sessions.empty());
  EXPECT_EQ(state->pid_file, std::nullopt);
}

TEST(StateCodec, AnEndingThatItDoesNotKnowIsThatOfAShutdown) {
  CborWriter cbor;
  cbor.begin_map();
  cbor.text("sessions");
  cbor.begin_array();
  cbor.begin_map();
  cbor.text("ending");
  cbor.text("eaten_by_a_grue");
  cbor.text("socket");  // and in another order
  cbor.number(3);
  cbor.end();
  cbor.end();
  cbor.text("statistics");
  cbor.begin_map();
  cbor.text("endings");
  cbor.begin_map();
  cbor.text("eaten_by_a_grue");
  cbor.number(3);
  cbor.text("limit");
  cbor.number(4);
  cbor.end();
  cbor.end();
  cbor.end();
  const auto state = decode(with_header(cbor.written()));
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(state->sessions.at(0).ending, Ending::shutdown);
  EXPECT_EQ(state->sessions.at(0).socket, 3);
  EXPECT_EQ(state->statistics.count(Ending::limit), 4U);
}

TEST(StateCodec, NamesTheFieldThatIsWrong) {
  const auto with = [](const char* name, auto write) {
    return error_of_session([&](CborWriter& cbor) {
      cbor.text(name);
      write(cbor);
    });
  };
  EXPECT_EQ(with("number", [](auto& cbor) { cbor.text("7"); }),
            "its state is damaged: sessions[0].number: found something else, expected a whole "
            "number");
  EXPECT_EQ(with("number", [](auto& cbor) { cbor.signed_number(-1); }),
            "its state is damaged: sessions[0].number: the number is out of range");
  EXPECT_EQ(with("socket", [](auto& cbor) { cbor.number(1ULL << 31U); }),
            "its state is damaged: sessions[0].socket: the number is out of range");
  EXPECT_EQ(with("socket", [](auto& cbor) { cbor.signed_number(-1); }),
            "its state is damaged: sessions[0]: -1 is no descriptor of a socket");
  EXPECT_EQ(with("introduced", [](auto& cbor) { cbor.number(1); }),
            "its state is damaged: sessions[0].introduced: found something else, expected true or "
            "false");
  EXPECT_EQ(with("connected", [](auto& cbor) { cbor.number(1ULL << 63U); }),
            "its state is damaged: sessions[0].connected: the number is out of range");
  EXPECT_EQ(with("held_back", [](auto& cbor) { cbor.number((1ULL << 62U) + 1); }),
            "its state is damaged: sessions[0].held_back: the time is out of range");
  EXPECT_EQ(with("unsent", [](auto& cbor) { cbor.number(1); }),
            "its state is damaged: sessions[0].unsent: the end is missing");
  EXPECT_EQ(with("x\n", [](auto& cbor) { cbor.text(std::string(1, '\xff')); }), "");
}

TEST(StateCodec, ASessionWithoutASocketIsRefused) {
  CborWriter cbor;
  cbor.begin_map();
  cbor.text("sessions");
  cbor.begin_array();
  cbor.begin_map();
  cbor.end();
  cbor.end();
  cbor.end();
  EXPECT_EQ(error_of(with_header(cbor.written())),
            "its state is damaged: sessions[0]: -1 is no descriptor of a socket");
}

TEST(StateCodec, RefusesADescriptorWithTwoOwners) {
  State state;
  state.sessions = {{.socket = 9}, {.socket = 10}};
  state.listeners = {{.socket = 9}};
  EXPECT_EQ(error_of(encode(state)), "its state is damaged: descriptor 9 has two owners");
  // The service manager's sockets are those of listeners.
  state.listeners = {{.socket = 11, .inherited = true}};
  state.environment.descriptors = {{.number = 11, .name = "echo"}};
  EXPECT_EQ(error_of(encode(state)), "");
}

TEST(StateCodec, RefusesValuesThatNoServiceHas) {
  State state = sample_state();
  state.sessions[0].faults->config.delay.least = std::chrono::milliseconds(21);
  EXPECT_THAT(error_of(encode(state)),
              HasSubstr("sessions[0].faults.config: the delay is out of range"));
  state = sample_state();
  state.sessions[0].faults->config.loss = std::nan("");
  EXPECT_THAT(error_of(encode(state)), HasSubstr("the probability is out of range"));
  state = sample_state();
  state.sessions[0].delivery.without_progress = -1;
  EXPECT_THAT(error_of(encode(state)), HasSubstr("sessions[0].delivery: the number of looks"));
  state = sample_state();
  state.environment.watchdog = std::chrono::microseconds(-1);
  EXPECT_THAT(error_of(encode(state)), HasSubstr("environment: the watchdog's period"));
  state = sample_state();
  state.listeners[1].file = -7;
  EXPECT_THAT(error_of(encode(state)), HasSubstr("listeners[1]: -7 is no descriptor"));
  state = sample_state();
  state.sessions[0].socket = STDERR_FILENO;
  EXPECT_THAT(error_of(encode(state)), HasSubstr("sessions[0]: 2 is no descriptor of a socket"));
}

TEST(StateCodec, NestingWithoutAnEndIsRefused) {
  const std::string key = "\x61x";
  for (const char* nested : {"\x81", "\x9f", "\xa1\x01", "\xc1", "\x7f", "\x5f", "\x82\x01"}) {
    std::string cbor = "\xbf" + key;
    for (int depth = 0; depth < 1'000'000; ++depth)
      cbor += nested;
    EXPECT_THAT(error_of(with_header(cbor)), StartsWith("its state is damaged: x: "));
  }
}

TEST(StateCodec, ASizeThatIsNotThereNeedsNoMemory) {
  for (const std::string item :
       {"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        "\xbb\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    for (const std::string name : {"sessions", "log", "statistics", "colour"}) {
      CborWriter cbor;
      cbor.begin_map();
      cbor.text(name);
      EXPECT_NE(error_of(with_header(cbor.written() + item)), "") << name;
    }
  }
}

// Numbers of all sizes, and texts that are no text.
class Random {
 public:
  std::uint64_t number() { return generator_() >> (generator_() % 64); }
  bool coin() { return generator_() % 2 == 0; }
  std::chrono::nanoseconds time() {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(number() >> 3U));
  }
  std::string text() {
    std::string text(number() % 50, '\0');
    for (char& byte : text)
      byte = static_cast<char>(generator_());
    return text;
  }
  SessionState session(int socket) {
    SessionState session{.socket = socket,
                         .number = number(),
                         .peer = {.name = text(), .address = {}},
                         .connected = coro::Clock::time_point(time()),
                         .introduced = coin(),
                         .unsent = text(),
                         .held_back = coin() ? time() : -time(),
                         .detail = text()};
    if (coin()) session.greeting = text();
    if (coin()) session.silent_since = coro::Clock::time_point(time());
    if (coin()) session.ending = static_cast<Ending>(number() % ending_count);
    if (coin()) session.faults = {.config = {.rate = number()}, .resets = coin()};
    if (coin())
      session.peer.address = boost::asio::ip::address_v4(static_cast<std::uint32_t>(number()));
    return session;
  }

 private:
  std::mt19937_64 generator_{1};
};

TEST(StateCodec, WritesAgainWhatItHasRead) {
  Random random;
  for (int round = 0; round < 200; ++round) {
    State state;
    for (int socket = 3; socket < 3 + round % 20; ++socket)
      state.sessions.push_back(random.session(socket));
    state.statistics.endings[random.number() % ending_count] = random.number();
    state.last_number = random.number();
    state.log.lines = random.text();
    for (int times = 0; times < round; ++times)
      state.lag.record(random.time());
    const std::string bytes = encode(state);
    const auto read = decode(bytes);
    ASSERT_TRUE(read) << read.error();
    expect_equal(*read, state);
    ASSERT_EQ(encode(*read), bytes);
  }
}

// Gaps between numbers of clients and times are normal. An idle client needs this much memory in an
// upgrade.
TEST(StateCodec, AnIdleSessionTakesAtMostTwoHundredBytes) {
  State state;
  for (int socket = 3; socket < 1003; ++socket) {
    SessionState session = sample_session();
    session.socket = socket;
    session.greeting.reset();
    session.unsent.clear();
    session.held_back = {};
    session.delivery = {};
    session.ending.reset();
    session.detail.clear();
    session.goodbye_until.reset();
    session.faults.reset();
    state.sessions.push_back(session);
  }
  EXPECT_LT(encode(state).size(), 200U * 1000);
}

}  // namespace
}  // namespace server
