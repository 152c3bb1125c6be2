// Resident memory and mappings for each of many that wait, read from /proc.
#include <benchmark/benchmark.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <lua.hpp>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "coro/condition.hpp"
#include "coro/scheduler.hpp"
#include "tests/bench/engine/bare_coroutine.hpp"

namespace {

using namespace std::chrono_literals;

// The value of a line such as "VmRSS:  1234 kB", in bytes.
std::size_t kilobytes_of(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    if (word != key) continue;
    std::size_t value = 0;
    in >> value;
    return value * 1024;
  }
  return 0;
}

std::size_t resident() {
  return kilobytes_of("/proc/self/status", "VmRSS:") + kilobytes_of("/proc/self/status", "VmPTE:");
}

std::ptrdiff_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

// Measures between its construction and report().
class Memory {
 public:
  void report(benchmark::State& state, std::size_t count) const {
    const auto bytes = static_cast<double>(resident()) - static_cast<double>(resident_);
    state.counters["alive"] = static_cast<double>(count);
    state.counters["bytes_each"] = bytes / static_cast<double>(count);
    state.counters["mappings"] = static_cast<double>(mappings() - mappings_);
  }

 private:
  std::size_t resident_ = resident();
  std::ptrdiff_t mappings_ = mappings();
};

// In a child of its own, so that memory which an earlier measurement freed does not hide what this
// one takes. The child's counters come back through a pipe.
template <typename Measure>
void in_a_child(benchmark::State& state, Measure measure) {
  for (auto _ : state) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return state.SkipWithError("pipe");
    const pid_t child = fork();
    if (child == 0) {
      measure(state);
      const std::array<double, 3> counters{state.counters["alive"], state.counters["bytes_each"],
                                           state.counters["mappings"]};
      const bool written = write(ends[1], counters.data(), sizeof counters) == sizeof counters;
      _exit(written ? 0 : 1);
    }
    close(ends[1]);
    std::array<double, 3> counters{};
    const bool complete = read(ends[0], counters.data(), sizeof counters) == sizeof counters;
    close(ends[0]);
    waitpid(child, nullptr, 0);
    if (!complete) return state.SkipWithError("the child failed");
    state.counters["alive"] = counters[0];
    state.counters["bytes_each"] = counters[1];
    state.counters["mappings"] = counters[2];
  }
}

void coro_scheduler(benchmark::State& state, std::size_t count, coro::StackPool::Guard guard) {
  in_a_child(state, [count, guard](benchmark::State& counters) {
    coro::Scheduler scheduler({.stacks = {.guard = guard}});
    coro::Condition never;
    const Memory memory;
    for (std::size_t i = 0; i < count; ++i) {
      if (!scheduler.spawn("waits", [&never](coro::Yield yield) { never.wait(yield); })) break;
    }
    scheduler.run();
    memory.report(counters, scheduler.counters().alive);
  });
}
BENCHMARK_CAPTURE(coro_scheduler, , 10'000, coro::StackPool::kernel_guard())
    ->Name("memory/coro_scheduler")
    ->Iterations(1);
BENCHMARK_CAPTURE(coro_scheduler, , 100'000, coro::StackPool::kernel_guard())
    ->Name("memory/coro_scheduler_100000")
    ->Iterations(1);
BENCHMARK_CAPTURE(coro_scheduler, , 10'000, coro::StackPool::Guard::mprotect)
    ->Name("memory/coro_scheduler_mprotect")
    ->Iterations(1);

void asio_spawn(benchmark::State& state) {
  in_a_child(state, [](benchmark::State& counters) {
    constexpr std::size_t count = 10'000;
    boost::asio::io_context context(1);
    boost::asio::steady_timer never(context, 1h);
    const Memory memory;
    for (std::size_t i = 0; i < count; ++i) {
      boost::asio::spawn(
          context, [&never](const boost::asio::yield_context& yield) { never.async_wait(yield); },
          boost::asio::detached);
    }
    context.poll();
    memory.report(counters, count);
  });
}
BENCHMARK(asio_spawn)->Name("memory/asio_spawn")->Iterations(1);

boost::asio::awaitable<void> waits(boost::asio::steady_timer& never) {
  co_await never.async_wait(boost::asio::use_awaitable);
}

void asio_co_spawn(benchmark::State& state) {
  in_a_child(state, [](benchmark::State& counters) {
    constexpr std::size_t count = 10'000;
    boost::asio::io_context context(1);
    boost::asio::steady_timer never(context, 1h);
    const Memory memory;
    for (std::size_t i = 0; i < count; ++i)
      boost::asio::co_spawn(context, waits(never), boost::asio::detached);
    context.poll();
    memory.report(counters, count);
  });
}
BENCHMARK(asio_co_spawn)->Name("memory/asio_co_spawn")->Iterations(1);

BareCoroutine suspends() {
  co_await std::suspend_always{};
}

void cpp20_coroutine(benchmark::State& state) {
  in_a_child(state, [](benchmark::State& counters) {
    constexpr std::size_t count = 100'000;
    std::vector<BareCoroutine> coroutines;
    const Memory memory;
    coroutines.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      coroutines.push_back(suspends());
      coroutines.back().resume();
    }
    memory.report(counters, count);
  });
}
BENCHMARK(cpp20_coroutine)->Name("memory/cpp20_coroutine")->Iterations(1);

void lua_coroutine(benchmark::State& state) {
  in_a_child(state, [](benchmark::State& counters) {
    lua_State* lua = luaL_newstate();
    luaL_openlibs(lua);
    const Memory memory;
    const int failed = luaL_dostring(lua,
                                     "all = {} for i = 1, 10000 do "
                                     "all[i] = coroutine.create(function() coroutine.yield() end) "
                                     "coroutine.resume(all[i]) end");
    memory.report(counters, failed == LUA_OK ? 10'000 : 0);
    lua_close(lua);
  });
}
BENCHMARK(lua_coroutine)->Name("memory/lua_coroutine")->Iterations(1);

// The stack that the kernel has for each thread, 16 KiB, comes on top.
void thread(benchmark::State& state) {
  in_a_child(state, [](benchmark::State& counters) {
    constexpr std::size_t count = 1000;
    std::counting_semaphore<> begun(0);
    std::counting_semaphore<> over(0);
    std::vector<std::jthread> threads;
    const Memory memory;
    for (std::size_t i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        begun.release();
        over.acquire();
      });
    }
    for (std::size_t i = 0; i < count; ++i)
      begun.acquire();
    memory.report(counters, count);
    over.release(count);
  });
}
BENCHMARK(thread)->Name("memory/thread")->Iterations(1);

// Private memory of a forked child: it shares the rest with its parent.
void process(benchmark::State& state) {
  for (auto _ : state) {
    std::array<int, 2> ready{};
    if (pipe(ready.data()) != 0) return state.SkipWithError("pipe");
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (write(ready[1], "x", 1) == 1) pause();
      _exit(1);
    }
    char byte = 0;
    if (read(ready[0], &byte, 1) != 1) state.SkipWithError("pipe");
    const std::string of_child = "/proc/" + std::to_string(child);
    const std::size_t bytes = kilobytes_of(of_child + "/smaps_rollup", "Private_Dirty:") +
                              kilobytes_of(of_child + "/status", "VmPTE:");
    state.counters["alive"] = 1;
    state.counters["bytes_each"] = static_cast<double>(bytes);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
  }
}
BENCHMARK(process)->Name("memory/process")->Iterations(1);

}  // namespace
