#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "coro/descriptor.hpp"
#include "coro/error.hpp"
#include "coro/io.hpp"
#include "coro/scheduler.hpp"
#include "coro/stream.hpp"
#include "coro/time_limit.hpp"
#include "server/accept/inherited_sockets.hpp"
#include "server/accept/listener_state.hpp"
#include "server/net/peer.hpp"

namespace server {

/// The other end of a connection to a listener of the same process.
class SocketEnd {
 public:
  /// Connects to the address of a socket that listens.
  SocketEnd(int listening, coro::Yield yield)
      : yield_(yield), stream_(yield.scheduler(), connected_to(local_endpoint(listening))) {}

  void send(std::string_view bytes) {
    EXPECT_FALSE(coro::write_all(stream_, boost::asio::buffer(bytes), yield_));
  }
  /// The next bytes; "" if the connection ends or none come in time.
  std::string receive() {
    const coro::TimeLimit limit(yield_, std::chrono::seconds(10));
    std::array<char, 4096> bytes{};
    const auto [error, size] = stream_.read_some(boost::asio::buffer(bytes), yield_);
    return {bytes.data(), size};
  }
  std::string echo(std::string_view bytes) {
    send(bytes);
    return receive();
  }

 private:
  static coro::Descriptor connected_to(const coro::Endpoint& endpoint) {
    const int family = endpoint.protocol().family();
    const int socket = coro::checked(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    coro::checked(::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())),
                  "connect");
    return owned_socket(socket);
  }

  coro::Yield yield_;
  coro::Stream stream_;
};

/// The descriptor as another program would get it: open although its owner here closes it, and to
/// be closed by nobody but the one who adopts it.
inline int handed_over(int descriptor) {
  return descriptor < 0 ? descriptor : coro::checked(::dup(descriptor), "dup");
}

/// Runs the body as the first coroutine, and all that it spawns, to the end. It has a stack for a
/// test's deep frames.
inline void run(const std::function<void(coro::Yield)>& body) {
  coro::Scheduler scheduler({.stacks = {.stack_size = std::size_t{512} * 1024}});
  scheduler.on_exception([](const char* name, const std::exception_ptr&) {
    ADD_FAILURE() << "an exception left coroutine '" << name << "'";
  });
  bool ended = false;
  const auto test = [&](coro::Yield yield) {
    body(yield);
    ended = true;
  };
  ASSERT_TRUE(scheduler.spawn("test", test).has_value());
  scheduler.run();
  EXPECT_TRUE(ended) << "the test waits for something that never comes";
}

inline std::vector<ListenerState> handed_over(std::vector<ListenerState> states) {
  for (ListenerState& state : states) {
    state.socket = handed_over(state.socket);
    state.file = handed_over(state.file);
  }
  return states;
}

}  // namespace server
