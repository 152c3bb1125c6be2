#include "tests/bench/load/readiness.hpp"

#include <unistd.h>

#include <algorithm>

#include "tests/bench/load/failure.hpp"

namespace load {

Readiness::Readiness() : epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

Readiness::~Readiness() {
  close(epoll_);
}

void Readiness::add(int socket, void* whose) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.ptr = whose;
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
}

void Readiness::remove(int socket) {
  checked(epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr), "epoll_ctl");
}

std::span<const epoll_event> Readiness::ask(std::size_t most) {
  const auto size = static_cast<int>(std::min(most, events_.size()));
  const int ready = checked(epoll_wait(epoll_, events_.data(), size, 0), "epoll_wait");
  return {events_.data(), static_cast<std::size_t>(ready)};
}

}  // namespace load
