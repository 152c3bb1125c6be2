// To another line of control and back: one resume and one yield.
#include <benchmark/benchmark.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/context/fiber.hpp>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <lua.hpp>
#include <memory>
#include <mutex>
#include <thread>

#include "coro/generator.hpp"
#include "coro/scheduler.hpp"
#include "tests/bench/engine/bare_coroutine.hpp"

namespace {

// ---- in one thread

void bare_fiber(benchmark::State& state) {
  bool stop = false;
  boost::context::fiber fiber([&stop](boost::context::fiber&& resumer) {
    while (!stop)
      resumer = std::move(resumer).resume();
    return std::move(resumer);
  });
  for (auto _ : state)
    fiber = std::move(fiber).resume();
  stop = true;
  fiber = std::move(fiber).resume();
}
BENCHMARK(bare_fiber)->Name("switch/bare_fiber");

void coroutine(benchmark::State& state) {
  coro::StackPool stacks;
  coro::Coroutine coroutine(stacks);
  coroutine.start([](coro::Coroutine& self) {
    for (;;)
      self.suspend();
  });
  for (auto _ : state)
    coroutine.resume();
}
BENCHMARK(coroutine)->Name("switch/coro_coroutine");

void generator(benchmark::State& state) {
  coro::Generator<int> generator([](auto& yield) {
    for (int number = 0;; ++number)
      yield(number);
  });
  for (auto _ : state)
    benchmark::DoNotOptimize(generator.resume());
}
BENCHMARK(generator)->Name("switch/coro_generator");

// Through the scheduler's queue, which looks for completed I/O once in each round of all of them.
void yield_now(benchmark::State& state) {
  coro::Scheduler scheduler;
  const auto body = [&state](coro::Yield yield) {
    for (auto _ : state)
      yield.now();
  };
  scheduler.spawn("yield", body).value();
  scheduler.run();
}
BENCHMARK(yield_now)->Name("switch/coro_yield_now");

BareCoroutine suspends_for_ever() {
  for (;;)
    co_await std::suspend_always{};
}

void cpp20_coroutine(benchmark::State& state) {
  BareCoroutine coroutine = suspends_for_ever();
  for (auto _ : state)
    coroutine.resume();
}
BENCHMARK(cpp20_coroutine)->Name("switch/cpp20_coroutine");

struct LuaClose {
  void operator()(lua_State* lua) const { lua_close(lua); }
};

void lua_coroutine(benchmark::State& state) {
  const std::unique_ptr<lua_State, LuaClose> lua(luaL_newstate());
  luaL_openlibs(lua.get());
  luaL_loadstring(lua.get(), "while true do coroutine.yield() end");
  lua_State* thread = lua_newthread(lua.get());
  lua_pushvalue(lua.get(), 1);
  lua_xmove(lua.get(), thread, 1);
  for (auto _ : state) {
    int results = 0;
    if (lua_resume(thread, lua.get(), 0, &results) != LUA_YIELD) state.SkipWithError("Lua");
  }
}
BENCHMARK(lua_coroutine)->Name("switch/lua_coroutine");

// ---- between threads and processes, on one core as a scheduler of coroutines is

void stay_on_one_core() {
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(0, &core);
  sched_setaffinity(0, sizeof core, &core);
}

class OnOneCore {
 public:
  OnOneCore() {
    sched_getaffinity(0, sizeof before_, &before_);
    stay_on_one_core();
  }
  ~OnOneCore() { sched_setaffinity(0, sizeof before_, &before_); }
  OnOneCore(const OnOneCore&) = delete;
  OnOneCore& operator=(const OnOneCore&) = delete;
  OnOneCore(OnOneCore&&) = delete;
  OnOneCore& operator=(OnOneCore&&) = delete;

 private:
  cpu_set_t before_{};
};

void thread_condition_variable(benchmark::State& state) {
  const OnOneCore one_core;
  std::mutex mutex;
  std::condition_variable changed;
  enum class Turn { mine, theirs, over } turn = Turn::mine;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return turn != Turn::mine; });
      if (turn == Turn::over) return;
      turn = Turn::mine;
      changed.notify_one();
    }
  });
  for (auto _ : state) {
    std::unique_lock lock(mutex);
    turn = Turn::theirs;
    changed.notify_one();
    changed.wait(lock, [&] { return turn == Turn::mine; });
  }
  {
    const std::scoped_lock lock(mutex);
    turn = Turn::over;
    changed.notify_one();
  }
  other.join();
}
BENCHMARK(thread_condition_variable)
    ->Name("switch/thread_condition_variable")
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// The bare system call: the standard library's semaphores spin before they sleep.
class Gate {
 public:
  void open() {
    word_.store(1);
    syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
  void pass() {
    while (word_.exchange(0) == 0)
      syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }

 private:
  std::atomic<int> word_ = 0;
};

void thread_futex(benchmark::State& state) {
  const OnOneCore one_core;
  Gate resumed;
  Gate yielded;
  bool stop = false;
  std::thread other([&] {
    for (;;) {
      resumed.pass();
      if (stop) return;
      yielded.open();
    }
  });
  for (auto _ : state) {
    resumed.open();
    yielded.pass();
  }
  stop = true;
  resumed.open();
  other.join();
}
BENCHMARK(thread_futex)->Name("switch/thread_futex")->MeasureProcessCPUTime()->UseRealTime();

void process_pipes(benchmark::State& state) {
  const OnOneCore one_core;
  std::array<int, 2> there{};
  std::array<int, 2> back{};
  if (pipe(there.data()) != 0 || pipe(back.data()) != 0) return state.SkipWithError("pipe");
  char byte = 'x';
  const pid_t child = fork();
  if (child == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
    }
    _exit(0);
  }
  close(there[0]);
  for (auto _ : state) {
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) state.SkipWithError("pipe");
  }
  close(there[1]);
  close(back[0]);
  close(back[1]);
  waitpid(child, nullptr, 0);
}
BENCHMARK(process_pipes)->Name("switch/process_pipes")->UseRealTime();

}  // namespace
