#include "server/status/process_usage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <memory>
#include <string_view>

#include "coro/descriptor.hpp"

namespace server {
namespace {

constexpr std::uint64_t entries_in_a_turn = 256;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double seconds_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::optional<std::uint64_t> max_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return {};
  return limit.rlim_cur;
}

// Since Linux 6.2 the size of the directory is the number of its files; without that, each one
// counts but for ".", ".." and the directory itself.
std::optional<std::uint64_t> open_descriptors(const std::function<void()>& take_turns) {
  constexpr const char* path = "/proc/self/fd";
  struct stat status {};
  if (::stat(path, &status) == 0 && status.st_size > 0)
    return static_cast<std::uint64_t>(status.st_size);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path), ::closedir);
  if (!directory) return {};
  std::uint64_t entries = 0;
  while (::readdir(directory.get()) != nullptr)
    if (++entries % entries_in_a_turn == 0) take_turns();
  return entries >= 3 ? std::optional(entries - 3) : std::nullopt;
}

// A field of /proc/PID/stat by its number in proc_pid_stat(5), from 3 on. The second one, the name
// of the program in parentheses, may contain anything.
std::optional<std::uint64_t> field(std::string_view stat, int number) {
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return {};
  stat.remove_prefix(name_end + 2);
  for (; number > 3; --number) {
    const std::size_t end = stat.find(' ');
    if (end == std::string_view::npos) return {};
    stat.remove_prefix(end + 1);
  }
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(stat.data(), stat.data() + stat.size(), value);
  return parsed.ec == std::errc() ? std::optional(value) : std::nullopt;
}

void read_stat(ProcessUsage& usage) {
  const coro::Descriptor file(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const auto size = ::read(file.number(), buffer.data(), buffer.size());
  if (size <= 0) return;
  const std::string_view stat(buffer.data(), static_cast<std::size_t>(size));
  usage.virtual_bytes = field(stat, 23);
  if (const auto pages = field(stat, 24))
    usage.resident_bytes = *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (const auto ticks = field(stat, 22)) {
    // Once, and whole seconds: a clock that is set or adjusted does not start another process.
    static const double boot = unix_time() - seconds_since_boot();
    usage.started = std::round(boot + static_cast<double>(*ticks) /
                                          static_cast<double>(::sysconf(_SC_CLK_TCK)));
  }
}

}  // namespace

ProcessUsage process_usage(const std::function<void()>& take_turns) {
  ProcessUsage usage{.cpu_seconds = cpu_seconds(),
                     .open_descriptors = open_descriptors(take_turns),
                     .max_descriptors = max_descriptors()};
  read_stat(usage);
  return usage;
}

}  // namespace server
