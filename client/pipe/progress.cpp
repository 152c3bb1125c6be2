#include "client/pipe/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/output/output.hpp"
#include "client/output/terminal_kind.hpp"
#include "client/output/units.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t widest_bar = 40;
constexpr std::size_t narrowest_bar = 10;

// What is still to come.
std::optional<std::uint64_t> size_of_input() {
  struct stat status {};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  // Somebody may have read some of it already.
  const auto offset = std::max(::lseek(STDIN_FILENO, 0, SEEK_CUR), off_t{0});
  if (offset > status.st_size) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size - offset);
}

std::size_t width_of_terminal() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80U;
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
  const auto room = width > figures.size() + 4 ? width - figures.size() - 4 : 0;
  if (room < narrowest_bar) return figures.substr(0, width);
  const auto length = std::min(room, widest_bar);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
  return fmt::format("[{:<{}}] {}", std::string(filled, '#'), length, figures);
}

Progress::Progress(coro::Scheduler& scheduler, std::function<std::uint64_t()> done)
    : done_(std::move(done)), total_(size_of_input()) {
  const bool is_watched = understands_escapes(STDERR_FILENO) && ::isatty(STDOUT_FILENO) == 0;
  if (!is_watched) return;
  task_ = scheduler.spawn("progress", [this](coro::Yield yield) { show(yield); }).value();
}

Progress::~Progress() {
  task_.cancel();
  if (shown_) print_error("\r\033[K");
}

void Progress::show(coro::Yield yield) {
  const auto started = coro::Clock::now();
  coro::error_code interrupted = coro::sleep_for(yield, 1s);
  while (!interrupted && !yield.is_cancelled()) {
    const auto elapsed = coro::Clock::now() - started;
    const auto line = progress_line(done_(), total_, elapsed, width_of_terminal() - 1);
    print_error("\r\033[K" + line);
    shown_ = true;
    interrupted = coro::sleep_for(yield, 200ms);
  }
}

}  // namespace client
