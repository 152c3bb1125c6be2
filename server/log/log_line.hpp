#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "program/escape.hpp"

namespace server {

/// A line that is written into memory with room for all of it. No piece looks for room again: these
/// checks took more instructions than the rest.
class LogLine {
 public:
  explicit LogLine(char* begin) : end_(begin) {}

  LogLine& operator<<(char c) {
    *end_++ = c;
    return *this;
  }
  LogLine& operator<<(std::string_view text) {
    end_ += text.copy(end_, text.size());
    return *this;
  }
  LogLine& operator<<(std::uint64_t number) {
    constexpr std::size_t longest = 20;
    end_ = std::to_chars(end_, end_ + longest, number).ptr;
    return *this;
  }

  /// All digits of a number below 100, 1000, a million.
  LogLine& two_digits(std::uint32_t number) { return digit(number / 10).digit(number % 10); }
  LogLine& three_digits(std::uint32_t number) {
    return digit(number / 100).two_digits(number % 100);
  }
  LogLine& six_digits(std::uint32_t number) {
    return three_digits(number / 1000).three_digits(number % 1000);
  }

  /// In seconds, with milliseconds.
  LogLine& operator<<(std::chrono::nanoseconds duration) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    const auto milliseconds = static_cast<std::uint64_t>(count);
    return (*this << milliseconds / 1000 << '.')
        .three_digits(static_cast<std::uint32_t>(milliseconds % 1000));
  }

  LogLine& escaped(std::string_view text, program::EscapeRules rules = {}) {
    end_ = program::write_escaped(end_, text, rules);
    return *this;
  }

  /// Inside of a JSON string, if that can have these bytes; returns whether it can.
  bool json(std::string_view bytes) {
    char* const end = program::write_json(end_, bytes);
    if (end != nullptr) end_ = end;
    return end != nullptr;
  }
  LogLine& hex(std::string_view bytes) {
    end_ = program::write_hex(end_, bytes);
    return *this;
  }

  char* end() const { return end_; }

 private:
  LogLine& digit(std::uint32_t number) { return *this << static_cast<char>('0' + number); }

  char* end_;
};

}  // namespace server
