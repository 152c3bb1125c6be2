#include "coro/detail/poller.hpp"

#include <poll.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <new>
#include <span>
#include <utility>

#include "coro/error.hpp"
#include "coro/readiness.hpp"

namespace coro::detail {
namespace {

constexpr std::size_t fetched_ahead = 8;

}  // namespace

Poller::Poller(boost::asio::io_context& context, TimerQueue& timers)
    : timers_(timers),
      epoll_(context.get_executor(), checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
  if (control(EPOLL_CTL_ADD, timers.descriptor(), EPOLLIN | EPOLLET, nullptr) != 0)
    throw boost::system::system_error(last_error(), "epoll_ctl");
}

std::size_t Poller::wait(std::size_t limit, int timeout) {
  has_woken_ = false;
  if (!has_work()) return 0;
  timers_.arm();
  if (unregistered_ != nullptr) {
    if (const auto ready = wait_beside_unregistered(timeout)) return *ready;
  }
  const int most = static_cast<int>(std::min(limit, events_.size()));
  const int count = ::epoll_wait(epoll_.native_handle(), events_.data(), most, timeout);
  if (count < 0 && errno != EINTR) throw boost::system::system_error(last_error(), "epoll_wait");
  if (count <= 0) return 0;
  const auto ready = std::span(events_).first(static_cast<std::size_t>(count));
  std::size_t descriptors = 0;
  // Nobody runs before all of them are queued, so none of these objects can be gone.
  for (std::size_t index = 0; index < ready.size(); ++index) {
    const epoll_event& event = ready[index];
    // Among a thousand none is in the cache any more: one is fetched while those before it wait.
    __builtin_prefetch(ready[std::min(index + fetched_ahead, ready.size() - 1)].data.ptr);
    if (event.data.ptr == nullptr) continue;
    static_cast<Readiness*>(event.data.ptr)->became(event.events);
    ++descriptors;
  }
  if (descriptors < ready.size()) timers_.expire();
  return descriptors;
}

// By poll(2), which the kernel forgets afterwards, unlike a registration.
std::optional<std::size_t> Poller::wait_beside_unregistered(int timeout) {
  if (timeout != 0) {
    std::array<pollfd, 2> watched{
        {{epoll_.native_handle(), POLLIN, 0}, {unregistered_->descriptor_, POLLIN, 0}}};
    const int count = ::poll(watched.data(), watched.size(), timeout);
    if (count < 0 && errno != EINTR) throw boost::system::system_error(last_error(), "poll");
    if (count <= 0) return 0;
    if (watched.front().revents == 0) {
      std::exchange(unregistered_, nullptr)->became(EPOLLIN);
      return 1;
    }
  }
  register_all();
  return std::nullopt;
}

// A coroutine whose descriptor cannot be registered is woken, and its next wait reports the error.
void Poller::register_all() {
  Readiness* const readiness = std::exchange(unregistered_, nullptr);
  if (readiness != nullptr && readiness->watch_for(readiness->watched_ | EPOLLIN) != 0)
    readiness->wake(readiness->reader_, false);
}

bool Poller::wake_context() {
  register_all();
  timers_.arm();
  if (!has_work() && wakes_) epoll_.cancel();
  if (!has_work() || wakes_) return true;
  try {
    epoll_.async_wait(decltype(epoll_)::wait_read, [this](error_code error) {
      wakes_ = false;
      has_woken_ = !error;
    });
    wakes_ = true;
  } catch (const std::bad_alloc&) {
  }
  return wakes_;
}

int Poller::control(int operation, int descriptor, std::uint32_t events, Readiness* readiness) {
  epoll_event event{.events = events, .data = {.ptr = readiness}};
  return ::epoll_ctl(epoll_.native_handle(), operation, descriptor, &event) == 0 ? 0 : errno;
}

}  // namespace coro::detail
