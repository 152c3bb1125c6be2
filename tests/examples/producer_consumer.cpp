// A producer and a consumer that take turns: resume and yield carry values both ways.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "coro/generator.hpp"

using coro::Generator;

// One way. The producer is an ordinary loop; yield() hands out a value and waits to be resumed.
Generator<std::string> lines(std::string text) {
  return Generator<std::string>([text = std::move(text)](auto& yield) {
    std::string line;
    for (const char c : text) {
      if (c == '\n') {
        yield(std::exchange(line, ""));
      } else {
        line += c;
      }
    }
  });
}

// A filter is both: it consumes one generator and produces for the next.
Generator<std::string> numbered(Generator<std::string> source) {
  return Generator<std::string>([source = std::move(source)](auto& yield) mutable {
    int number = 0;
    for (const std::string& line : source)
      yield(std::to_string(++number) + " " + line);
  });
}

// Both ways. What the consumer sends with resume() is what yield() returns.
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
  std::vector<std::string> consumed;
  for (const std::string& line : numbered(lines("rain\nsun\n"))) {
    std::puts(line.c_str());
    consumed.push_back(line);
  }

  Generator<double, double> mean = running_mean();
  mean.resume(2);
  mean.resume(4);
  const double last = mean.resume(9).value();
  std::printf("mean %g\n", last);

  const bool right = consumed == std::vector<std::string>{"1 rain", "2 sun"} && last == 5;
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
