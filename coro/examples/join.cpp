// Two coroutines that work at the same time, and a third that waits for both.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "coro/scheduler.hpp"

using namespace std::chrono_literals;
using coro::Task;
using coro::Yield;

// Stands for anything that takes its time: a request, a file, a child process.
int slow_square(int number, Yield yield) {
  coro::sleep_for(yield, 20ms);
  return number * number;
}

// Because the two wait at the same time, both together take as long as one. References into this
// function's locals are safe: it does not end before those who use them.
int sum_of_squares(int a, int b, Yield yield) {
  const auto square = [](int& number) {
    return [&number](Yield inside) { number = slow_square(number, inside); };
  };
  const Task first = yield.scheduler().spawn("first", square(a)).value();
  const Task second = yield.scheduler().spawn("second", square(b)).value();
  first.join(yield);
  second.join(yield);
  return a + b;
}

int main() {
  int sum = 0;
  coro::Scheduler scheduler;
  scheduler.spawn("main", [&](Yield yield) { sum = sum_of_squares(3, 4, yield); }).value();
  scheduler.run();
  std::printf("%d\n", sum);
  return sum == 25 ? EXIT_SUCCESS : EXIT_FAILURE;
}
