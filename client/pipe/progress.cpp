#include "client/pipe/progress.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/output/output.hpp"
#include "client/output/rendering.hpp"
#include "client/output/units.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t widest_bar = 40;

// The part of standard input that was not read yet, if it is a file.
std::optional<std::uint64_t> size_of_input() {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  // Another process may have read some of it already.
  const auto offset = std::max(::lseek(STDIN_FILENO, 0, SEEK_CUR), off_t{0});
  if (offset > status.st_size) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size - offset);
}

}  // namespace

std::string progress_line(std::uint64_t done, std::optional<std::uint64_t> total,
                          std::chrono::nanoseconds elapsed, std::size_t width) {
  const auto bytes = static_cast<double>(done);
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const auto rate = bytes_text(seconds > 0 ? bytes / seconds : 0) + "/s";
  if (!total || *total == 0) return fmt::format("{}  {}", bytes_text(bytes), rate).substr(0, width);
  const auto all = static_cast<double>(*total);
  const double share = std::min(bytes / all, 1.0);
  const auto figures =
      fmt::format("{:3.0f}%  {} of {}  {}", share * 100, bytes_text(bytes), bytes_text(all), rate);
  return bar_line(share, figures, widest_bar, width);
}

void show_progress(const std::function<std::uint64_t()>& done, coro::Yield yield) {
  const bool is_watched = understands_escapes(STDERR_FILENO) && ::isatty(STDOUT_FILENO) == 0;
  if (!is_watched) return;
  const auto total = size_of_input();
  const auto started = coro::Clock::now();
  bool shown = false;
  auto pause = 1000ms;
  while (!coro::sleep_for(yield, std::exchange(pause, 200ms)) && !yield.is_cancelled()) {
    const auto elapsed = coro::Clock::now() - started;
    const auto width = terminal_size(STDERR_FILENO).columns - 1;
    print_error("\r\033[K" + progress_line(done(), total, elapsed, width));
    shown = true;
  }
  if (shown) print_error("\r\033[K");
}

}  // namespace client
