// Values go both ways, as in Lua: resume() sends one in, and yield() returns it there.
#include <cstdio>

#include "coro/generator.hpp"

using coro::Generator;

// The state between two values is a local variable of a loop.
Generator<double, double> running_mean() {
  return Generator<double, double>([](auto& yield, double value) {
    double sum = 0;
    for (int count = 1;; ++count) {
      sum += value;
      value = yield(sum / count);
    }
  });
}

int main() {
  Generator<double, double> mean = running_mean();
  for (const double value : {2.0, 4.0, 9.0})
    std::printf("%g: mean %g\n", value, mean.resume(value).value());
}  // the generator has not ended: destroying it unwinds its stack
