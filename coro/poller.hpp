#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>

#include "coro/io.hpp"

namespace coro {

class Readiness;

/// Tells which of many descriptors are ready, by an epoll instance of its own (epoll(7)) in which a
/// descriptor is registered once, however often it is waited for. Asio registers anew for each
/// wait, a system call that an echo would notice. While there is nothing to do the scheduler sleeps
/// in its io_context, which watches this one descriptor.
class Poller {
 public:
  /// Throws boost::system::system_error if the system has no room for it.
  explicit Poller(boost::asio::io_context& context);

  /// Queues the coroutines whose descriptors are ready, for at most `limit` descriptors; returns
  /// how many those were. Does not block, and asks nobody when no coroutine waits.
  std::size_t poll(std::size_t limit);

  /// To be called before the io_context blocks: it returns when a descriptor is ready, and runs out
  /// of work when no coroutine waits for one.
  void wake_context();

  /// Whether it was this that ended the io_context's wait, since poll() was called last.
  bool has_woken_context() const { return has_woken_; }

 private:
  friend class Readiness;

  // What epoll_ctl(2) says; `events` is what the descriptor is watched for.
  error_code control(int operation, int descriptor, std::uint32_t events, Readiness* readiness);

  static constexpr std::size_t most_at_once = 128;

  boost::asio::posix::basic_stream_descriptor<Executor> epoll_;
  std::array<epoll_event, most_at_once> events_{};
  std::size_t waiting_ = 0;  // coroutines
  bool wakes_ = false;       // the io_context watches
  bool has_woken_ = false;
};

}  // namespace coro
