// The producer reads a line of the standard input and yields it; the consumer resumes the producer
// for the next one. Neither knows how the other works, and each is an ordinary loop.
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>

#include "coro/generator.hpp"

using coro::Generator;

Generator<std::string> producer() {
  return Generator<std::string>([](auto& yield) {
    std::string line;
    while (std::getline(std::cin, line))
      yield(line);  // suspends here until the consumer asks for the next line
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

void consumer(Generator<std::string> lines) {
  for (const std::string& line : lines)  // each step resumes the producer
    std::puts(line.c_str());
}

int main() {
  consumer(numbered(producer()));
}
