#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "coro/scheduler.hpp"

namespace client {

/// A line such as `[#####     ]  52%  512.0 MiB of 1.0 GiB  890.1 MiB/s`, no longer than width;
/// without a total there is no bar.
std::string progress_line(std::uint64_t done, std::optional<std::uint64_t> total,
                          std::chrono::nanoseconds elapsed, std::size_t width);

/// Shows on standard error how far a transfer from standard input has come, from its second second
/// on, and only where a person looks at it: standard error is a terminal and standard output is not
/// the same one.
class Progress {
 public:
  /// done says how many bytes are through; it is asked as long as this object lives. Of the input
  /// nothing has been read yet.
  Progress(coro::Scheduler& scheduler, std::function<std::uint64_t()> done);
  /// Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;

 private:
  void show(coro::Yield yield);

  std::function<std::uint64_t()> done_;
  std::optional<std::uint64_t> total_;
  bool shown_ = false;
  coro::Task task_;
};

}  // namespace client
