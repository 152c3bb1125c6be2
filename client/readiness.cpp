#include "client/readiness.hpp"

#include <sys/epoll.h>

#include <boost/system/system_error.hpp>
#include <cerrno>

namespace client {
namespace {

boost::system::system_error last_error(const char* what) {
  return {coro::error_code(errno, boost::system::system_category()), what};
}

}  // namespace

Readiness::Readiness(const coro::Executor& executor, int descriptor, For purpose)
    : epoll_(executor) {
  const int instance = ::epoll_create1(EPOLL_CLOEXEC);
  if (instance < 0) throw last_error("epoll_create1");
  epoll_.assign(instance);
  epoll_event event{};
  event.events = purpose == For::reading ? EPOLLIN : EPOLLOUT;
  if (::epoll_ctl(instance, EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  if (errno != EPERM) throw last_error("epoll_ctl");
  always_ = true;
}

coro::error_code Readiness::wait(coro::Yield yield) {
  if (always_) return {};
  const auto [error] = epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read, yield);
  return error;
}

}  // namespace client
