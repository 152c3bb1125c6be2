// One message there and back between two ends in one thread, with a bare epoll loop and in
// coroutines that wait by a coro::Stream or by Asio: what waiting for a socket in a coroutine costs
// besides the system calls.
#include <benchmark/benchmark.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstddef>
#include <tuple>
#include <vector>

#include "coro/descriptor.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"

namespace {

using Local = boost::asio::local::stream_protocol;
using LocalSocket = boost::asio::basic_stream_socket<Local, coro::Executor>;

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

// Two coroutines for each pair, which bounce what comes until time is up. End is what a coroutine
// makes of a socket, wait what it waits by.
template <typename End, typename Wait>
void in_coroutines(benchmark::State& state, Wait wait) {
  coro::Scheduler scheduler;
  std::vector<coro::Task> tasks;
  bool going_on = true;
  const auto start = [&](int socket) {
    const auto play = [&, socket](coro::Yield yield) {
      End end(yield, socket);
      while (going_on) {
        if (wait(end, yield) || !going_on) return;
        going_on = state.KeepRunning();
        bounce(socket);
      }
      for (const coro::Task& task : tasks)
        task.cancel();
    };
    tasks.push_back(scheduler.spawn("end", play).value());
  };
  for (int i = 0; i < state.range(0); ++i) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) state.SkipWithError("socketpair");
    serve(pair[0]);
    for (const int socket : pair)
      start(socket);
  }
  scheduler.run();
}

struct StreamEnd {
  StreamEnd(coro::Yield yield, int number)
      : socket(number), readiness(yield.scheduler(), socket.number()) {}

  coro::Descriptor socket;
  coro::Readiness readiness;  // what a coro::Stream waits by
};

void stream(benchmark::State& state) {
  in_coroutines<StreamEnd>(
      state, [](StreamEnd& end, coro::Yield yield) { return end.readiness.wait_readable(yield); });
}
BENCHMARK(stream)->Name("echo/coro_stream")->Arg(1)->Arg(50)->Arg(1000);

struct AsioEnd : LocalSocket {
  AsioEnd(coro::Yield yield, int socket) : LocalSocket(yield.executor(), Local(), socket) {}
};

void asio(benchmark::State& state) {
  in_coroutines<AsioEnd>(state, [](AsioEnd& end, coro::Yield yield) {
    return std::get<0>(end.async_wait(LocalSocket::wait_read, yield));
  });
}
BENCHMARK(asio)->Name("echo/coro_asio")->Arg(1)->Arg(50)->Arg(1000);

}  // namespace
