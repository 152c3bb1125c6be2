#pragma once

#include <sys/un.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <string>

#include "server/upgrade/state.hpp"

namespace server {

inline SessionState sample_session() {
  using namespace std::chrono_literals;
  SessionState session{
      .socket = 41,
      .number = 7,
      .peer = {.name = "[fe80::1]:5000", .address = boost::asio::ip::make_address("fe80::1")},
      .connected = coro::Clock::time_point(11'000'000'001ns),
      .greeting = std::string("PROXY \0TCP4", 11),
      .introduced = true,
      .connected_at = std::chrono::system_clock::time_point(1'790'000'000'123'456'789ns),
      .totals = {.bytes_in = 1ULL << 40U, .bytes_out = 70'000, .duration = 3ns},
      .silent_since = coro::Clock::time_point(12s),
      .unsent = std::string("owed\0\xff", 6),
      .held_back = 250ms,
      .delivery = {.arrived = -3, .without_progress = 2},
      .ending = Ending::write_timeout,
      .detail = "no reader",
      .goodbye_until = coro::Clock::time_point(13s)};
  session.faults = {.config = {.delay = {.least = 1ms, .most = 20ms},
                               .rate = 4096,
                               .close_after = {.bytes = 5, .time = 6s},
                               .reset_probability = 0.1,
                               .loss = 0.25,
                               .duplicate = 0.5,
                               .reorder = 1},
                    .resets = true,
                    .life_left = -5ms};
  return session;
}

inline Statistics sample_statistics() {
  using namespace std::chrono_literals;
  Statistics statistics{.started = coro::Clock::time_point(9s),
                        .accepted = 1001,
                        .active = 1002,
                        .peak = 1003,
                        .bytes_received = 1004,
                        .bytes_sent = 1005,
                        .reads = 1006,
                        .udp = {},
                        .handshakes = 1007,
                        .failed_handshakes = 1008,
                        .timed_out_handshakes = 1009,
                        .accept_pauses = 1010,
                        .full_waits = 1015,
                        .accept_rate_waits = 1016,
                        .reloads = 1011,
                        .failed_reloads = 1012,
                        .upgrades = 1013,
                        .failed_upgrades = 1014};
  for_each_ending([&](Ending ending) {
    statistics.endings[static_cast<std::size_t>(ending)] = 100 + static_cast<unsigned>(ending);
  });
  statistics.udp = {.received = 2001, .answered = 2002, .bytes_received = 2003, .bytes_sent = 2004};
  for_each_udp_refusal([&](UdpRefusal refusal) {
    statistics.udp.refused(refusal, 200 + static_cast<unsigned>(refusal));
  });
  return statistics;
}

/// A state whose fields all have a value that is not the default. The descriptors are none.
inline State sample_state() {
  using namespace std::chrono_literals;
  using boost::asio::ip::make_address;
  using boost::asio::ip::tcp;
  using boost::asio::local::stream_protocol;
  State state{
      .sessions = {sample_session(), {.socket = 42, .peer = {.name = "unix", .address = {}}}},
      .listeners = {{.socket = 43,
                     .asked = {.endpoint = tcp::endpoint(make_address("::"), 8888),
                               .origin = {},
                               .optional = true,
                               .dual_stack = true,
                               .transport = Transport::tls},
                     .inherited = true},
                    {.socket = 44,
                     .asked = {.endpoint = stream_protocol::endpoint("/run/echo\xff"),
                               .origin = {}},
                     .file = 45,
                     .path = "/run/echo\xff",
                     .mode = 0660,
                     .accepted = 49}},
      .udp_sockets = {{.socket = 46,
                       .asked = {.endpoint = tcp::endpoint(make_address("127.0.0.1"), 8889),
                                 .origin = {}}}},
      .admin = AdminState{.socket = 47, .config = {.host = "::1", .port = 9888}, .inherited = true},
      .environment = {.notify_socket = "@notify",
                      .watchdog = 30s,
                      .descriptors = {{.number = 43, .name = "echo"}}},
      .pid_file = 48,
      .last_number = 1'000'000'000'000,
      .statistics = sample_statistics(),
      .coroutines = {.alive = 21, .peak = 22, .spawned = 23, .failed = 24, .stacks = 25},
      .log = {.lines = "of a line\nand another\n",
              .begun = 9,
              .destination = "file 1:2",
              .unreported = 12,
              .dropped = 13},
      .reload_asked = true,
      .upgrade_asked = true};
  for (const auto time : {0ns, 17ns, 1234567ns, 1234567ns, std::chrono::nanoseconds(1h)})
    state.lag.record(time);
  return state;
}

}  // namespace server
