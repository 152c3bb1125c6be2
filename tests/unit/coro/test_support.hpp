#pragma once

#include <gtest/gtest.h>

#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "coro/scheduler.hpp"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

namespace coro {

using namespace std::chrono_literals;

using Tcp = boost::asio::ip::tcp;
using TcpSocket = boost::asio::basic_stream_socket<Tcp, Executor>;
using TcpAcceptor = boost::asio::basic_socket_acceptor<Tcp, Executor>;
using Local = boost::asio::local::stream_protocol;
using AsioTimer =
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;
using LocalSocket = boost::asio::basic_stream_socket<Local, Executor>;

inline constexpr auto aborted = boost::asio::error::operation_aborted;

/// Longer than any test takes: what waits for it is expected to be cancelled.
inline constexpr auto forever = 1h;

/// Two connected sockets.
struct SocketPair {
  explicit SocketPair(Scheduler& scheduler)
      : near(scheduler.executor()), far(scheduler.executor()) {
    boost::asio::local::connect_pair(near, far);
  }
  LocalSocket near;
  LocalSocket far;
};

/// Spawns body, where failing to is a mistake of the test.
template <typename Body>
Task start(Scheduler& scheduler, Body body) {
  return scheduler.spawn("test", std::move(body)).value();
}

/// Runs body as the first coroutine of a scheduler, and all that it spawns, to the end.
template <typename Body>
void run(Body body) {
  Scheduler scheduler;
  scheduler.on_exception([](const char* name, const std::exception_ptr&) {
    ADD_FAILURE() << "an exception left coroutine '" << name << "'";
  });
  start(scheduler, std::move(body));
  scheduler.run();
  EXPECT_EQ(scheduler.counters().alive, 0U);
}

/// The events of a test, in order.
using Events = std::vector<std::string>;

/// Notes its destruction.
class Witness {
 public:
  Witness(Events& events, std::string name) : events_(&events), name_(std::move(name)) {}
  ~Witness() {
    if (events_ != nullptr) events_->push_back(name_);
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  Witness(Witness&& other) noexcept
      : events_(std::exchange(other.events_, nullptr)), name_(std::move(other.name_)) {}
  Witness& operator=(Witness&&) = delete;

 private:
  Events* events_;
  std::string name_;
};

/// Whether a tool runs this test that needs memory and mappings for itself, so that limits on them
/// stop the tool and not the test.
inline bool memory_is_watched() {
#ifdef __SANITIZE_ADDRESS__
  return true;
#else
  return RUNNING_ON_VALGRIND != 0;
#endif
}

/// Lets a fault end the process by its signal, also where a sanitizer would report it.
inline void die_of_faults() {
  std::signal(SIGSEGV, SIG_DFL);
  std::signal(SIGBUS, SIG_DFL);
}

}  // namespace coro
