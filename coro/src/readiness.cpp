#include "coro/readiness.hpp"

#include <sys/epoll.h>

#include <boost/asio/error.hpp>
#include <utility>

#include "coro/detail/poller.hpp"
#include "coro/scheduler.hpp"
#include "detail/readiness_wait.hpp"

namespace coro {
namespace {

// epoll(7) reports these whether or not they are asked for. Both sides are to hear of them.
constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;

// A read may end before the last byte where one of the last two is reported.
constexpr std::uint32_t edge = EPOLLET | EPOLLIN | EPOLLRDHUP | EPOLLPRI;

}  // namespace

Readiness::Readiness(Scheduler& scheduler, int descriptor, Trigger trigger)
    : poller_(scheduler.poller()),
      descriptor_(descriptor),
      always_(trigger == Trigger::edge ? edge : 0U) {}

Readiness::~Readiness() {
  // Somebody may still wait only where the scheduler itself is being destroyed.
  leave(reader_);
  leave(writer_);
  static_cast<void>(observe_readable(nullptr));
  static_cast<void>(watch_for(0));
  if (poller_.unregistered_ == this) poller_.unregistered_ = nullptr;
}

error_code Readiness::wait_readable(Yield yield) {
  return {wait(reader_, EPOLLIN, yield), boost::system::system_category()};
}

error_code Readiness::wait_writable(Yield yield) {
  return {wait(writer_, EPOLLOUT, yield), boost::system::system_category()};
}

error_code Readiness::wait_readable_unregistered(Yield yield) {
  const bool shares = writer_ != nullptr || observer_ != nullptr;
  if (shares || poller_.unregistered_ != nullptr || watch_for(0) != 0) return wait_readable(yield);
  poller_.unregistered_ = this;
  return {wait_for(reader_, yield), boost::system::system_category()};
}

// An observed descriptor counts as waited for, so the scheduler goes on polling it.
error_code Readiness::observe_readable(Observer* observer) {
  if (observer != nullptr) {
    always_ = 0;  // an observer is notified again and again
    if (const int error = watch_for((watched_ & EPOLLOUT) | EPOLLIN))
      return {error, boost::system::system_category()};
  }
  if (observer != nullptr) ++poller_.waiting_;
  if (std::exchange(observer_, observer) != nullptr) --poller_.waiting_;
  return {};
}

void Readiness::cancel() {
  for (detail::Fiber* waiting : {reader_, writer_})
    if (waiting != nullptr) waiting->cancel();
}

void Readiness::leave(detail::Fiber*& waiting) {
  if (std::exchange(waiting, nullptr) != nullptr) --poller_.waiting_;
}

void Readiness::became(std::uint32_t events) {
  if (events != EPOLLIN || reader_ == nullptr) return became_any(events);
  wake(reader_, false);  // nearly always
}

// Wakes the waiter of each event. Events that nobody waits for are unregistered: level-triggered
// epoll would report them for ever, and edge-triggered epoll would report room with each byte.
void Readiness::became_any(std::uint32_t events) {
  const bool somebody_reads = reader_ != nullptr || observer_ != nullptr;
  const std::uint32_t waited_for =
      (somebody_reads ? EPOLLIN : 0U) | (writer_ != nullptr ? EPOLLOUT : 0U);
  const bool surprise = always_ != 0 ? (events & EPOLLOUT & ~waited_for) != 0
                                     : waited_for == 0 || (events & ~broken & ~waited_for) != 0;
  left_some();
  if ((events & (EPOLLIN | broken)) != 0) {
    wake(reader_, false);
    if (observer_ != nullptr) observer_->became_readable();
  }
  if ((events & (EPOLLOUT | broken)) != 0) wake(writer_, false);
  if (surprise) static_cast<void>(watch_for(waited_for));
}

void Readiness::wake(detail::Fiber*& waiting, bool aborted) {
  if (waiting == nullptr) return;
  detail::Fiber& fiber = *waiting;
  leave(waiting);
  fiber.wake(aborted);
}

int Readiness::watch_for(std::uint32_t events) {
  if (events != 0) events |= always_;
  if (events == watched_) return 0;
  const int operation = events == 0 ? EPOLL_CTL_DEL : watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  const int error = poller_.control(operation, descriptor_, events, this);
  if (error == 0) watched_ = events;
  return error;
}

}  // namespace coro
