#include "coro/poller.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <span>

#include "coro/error.hpp"
#include "coro/readiness.hpp"

namespace coro {
namespace {

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw boost::system::system_error(last_error(), "epoll_create1");
  return descriptor;
}

}  // namespace

Poller::Poller(boost::asio::io_context& context) : epoll_(context.get_executor(), make_epoll()) {}

std::size_t Poller::poll(std::size_t limit) {
  has_woken_ = false;
  if (waiting_ == 0) return 0;
  const int most = static_cast<int>(std::min(limit, events_.size()));
  const int count = ::epoll_wait(epoll_.native_handle(), events_.data(), most, 0);
  if (count <= 0) return 0;
  const auto ready = std::span(events_).first(static_cast<std::size_t>(count));
  // Nobody runs before all of them are queued, so none of these objects can be gone.
  for (const epoll_event& event : ready)
    static_cast<Readiness*>(event.data.ptr)->became(event.events);
  return ready.size();
}

void Poller::wake_context() {
  if (waiting_ == 0 && wakes_) epoll_.cancel();
  if (waiting_ == 0 || wakes_) return;
  wakes_ = true;
  epoll_.async_wait(decltype(epoll_)::wait_read, [this](error_code error) {
    wakes_ = false;
    has_woken_ = !error;
  });
}

error_code Poller::control(int operation, int descriptor, std::uint32_t events,
                           Readiness* readiness) {
  epoll_event event{.events = events, .data = {.ptr = readiness}};
  return ::epoll_ctl(epoll_.native_handle(), operation, descriptor, &event) == 0 ? error_code()
                                                                                 : last_error();
}

}  // namespace coro
