#pragma once

#include <sys/epoll.h>

#include <array>
#include <span>

namespace load {

/// An epoll set that is asked again and again and never slept in: a load that sleeps has to be
/// woken, and the server would pay for that.
class Readiness {
 public:
  Readiness();
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Edge-triggered, for reading and writing. A closed socket leaves by itself.
  void add(int socket, void* whose);
  void remove(int socket);

  /// Returns at most `most` events that are ready now.
  std::span<const epoll_event> ask(std::size_t most);

 private:
  int epoll_;
  std::array<epoll_event, 512> events_{};
};

}  // namespace load
