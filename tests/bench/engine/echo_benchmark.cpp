// One message there and back between two ends in one thread, once with the engine and once with a
// bare epoll loop: what waiting for a socket in a coroutine adds to the system calls.
#include <benchmark/benchmark.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstddef>
#include <deque>
#include <vector>

#include "coro/scheduler.hpp"

namespace {

using Stream = boost::asio::local::stream_protocol;
using LocalSocket = boost::asio::basic_stream_socket<Stream, coro::Executor>;

constexpr std::size_t message_size = 64;
std::array<char, 65536> scratch;

// Sends back what has come.
void bounce(int descriptor) {
  const ssize_t size = recv(descriptor, scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (size > 0) {
    benchmark::DoNotOptimize(send(descriptor, scratch.data(), static_cast<std::size_t>(size),
                                  MSG_DONTWAIT | MSG_NOSIGNAL));
  }
}

void serve(int descriptor) {
  const std::array<char, message_size> message{};
  benchmark::DoNotOptimize(send(descriptor, message.data(), message.size(), MSG_NOSIGNAL));
}

void bare_epoll(benchmark::State& state) {
  const int poller = epoll_create1(0);
  std::vector<std::array<int, 2>> pairs(static_cast<std::size_t>(state.range(0)));
  for (auto& pair : pairs) {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) state.SkipWithError("socketpair");
    for (const int descriptor : pair) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
      epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
    }
    serve(pair[0]);
  }
  std::array<epoll_event, 128> events{};
  for (bool going_on = true; going_on;) {
    const int count = epoll_wait(poller, events.data(), events.size(), -1);
    for (int i = 0; i < count && going_on; ++i) {
      going_on = state.KeepRunning();
      bounce(events[static_cast<std::size_t>(i)].data.fd);
    }
  }
  for (const auto& pair : pairs) {
    close(pair[0]);
    close(pair[1]);
  }
  close(poller);
}
BENCHMARK(bare_epoll)->Name("echo/bare_epoll")->Arg(1)->Arg(50)->Arg(1000);

void engine(benchmark::State& state) {
  coro::Scheduler scheduler;
  std::deque<LocalSocket> sockets;
  std::vector<coro::Task> tasks;
  bool going_on = true;
  const auto player = [&](LocalSocket& socket) {
    return [&](coro::Yield yield) {
      while (going_on) {
        const auto [error] = socket.async_wait(LocalSocket::wait_read, yield);
        if (error || !going_on) return;
        going_on = state.KeepRunning();
        bounce(socket.native_handle());
      }
      for (const coro::Task& task : tasks)
        task.cancel();
    };
  };
  for (int i = 0; i < state.range(0); ++i) {
    LocalSocket& near = sockets.emplace_back(scheduler.executor());
    LocalSocket& far = sockets.emplace_back(scheduler.executor());
    boost::asio::local::connect_pair(near, far);
    serve(near.native_handle());
    tasks.push_back(scheduler.spawn("near", player(near)).value());
    tasks.push_back(scheduler.spawn("far", player(far)).value());
  }
  scheduler.run();
}
BENCHMARK(engine)->Name("echo/coro_scheduler")->Arg(1)->Arg(50)->Arg(1000);

}  // namespace
