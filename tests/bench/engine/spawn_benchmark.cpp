// From nothing to the end of an empty function, in batches, everything warm.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/spawn.hpp>
#include <thread>
#include <vector>

#include "coro/scheduler.hpp"
#include "tests/bench/engine/bare_coroutine.hpp"

namespace {

constexpr int batch = 64;

void coro_spawn(benchmark::State& state) {
  coro::Scheduler scheduler;
  int ran = 0;
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i)
      scheduler.spawn("empty", [&ran](coro::Yield) { ++ran; }).value();
    scheduler.run();
  }
  benchmark::DoNotOptimize(ran);
}
BENCHMARK(coro_spawn)->Name("spawn/coro_spawn");

void asio_spawn(benchmark::State& state) {
  boost::asio::io_context context(1);
  int ran = 0;
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) {
      boost::asio::spawn(
          context, [&ran](const boost::asio::yield_context&) { ++ran; }, boost::asio::detached);
    }
    context.restart();
    context.run();
  }
  benchmark::DoNotOptimize(ran);
}
BENCHMARK(asio_spawn)->Name("spawn/asio_spawn");

boost::asio::awaitable<void> empty(int& ran) {
  ++ran;
  co_return;
}

void asio_co_spawn(benchmark::State& state) {
  boost::asio::io_context context(1);
  int ran = 0;
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i)
      boost::asio::co_spawn(context, empty(ran), boost::asio::detached);
    context.restart();
    context.run();
  }
  benchmark::DoNotOptimize(ran);
}
BENCHMARK(asio_co_spawn)->Name("spawn/asio_co_spawn");

BareCoroutine bare(int& ran) {
  ++ran;
  co_return;
}

void cpp20_coroutine(benchmark::State& state) {
  int ran = 0;
  while (state.KeepRunningBatch(batch)) {
    std::vector<BareCoroutine> coroutines;
    coroutines.reserve(batch);
    for (int i = 0; i < batch; ++i)
      coroutines.push_back(bare(ran));
    for (BareCoroutine& coroutine : coroutines)
      coroutine.resume();
  }
  benchmark::DoNotOptimize(ran);
}
BENCHMARK(cpp20_coroutine)->Name("spawn/cpp20_coroutine");

void thread(benchmark::State& state) {
  for (auto _ : state)
    std::thread([] {}).join();
}
BENCHMARK(thread)->Name("spawn/thread")->UseRealTime();

void process(benchmark::State& state) {
  for (auto _ : state) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
  }
}
BENCHMARK(process)->Name("spawn/process")->UseRealTime();

}  // namespace
