#include "client/terminal/history_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

#include "client/terminal/line_history.hpp"
#include "coro/descriptor.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view header = "_HiStOrY_V2_\n";
constexpr auto patience_of_reader = 200ms;
constexpr auto patience_of_writer = 1s;  // clients that end together write one after the other
constexpr auto between_tries = 5ms;

std::string reason() {
  return std::generic_category().message(errno);
}

// O_NONBLOCK is for a FIFO: nobody waits for its other end.
coro::Descriptor open_file(const std::filesystem::path& file, int flags) {
  constexpr int always = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return coro::Descriptor(::open(file.c_str(), flags | always, S_IRUSR | S_IWUSR));
}

// Whoever holds the lock, nobody is kept from connecting, or from leaving.
bool lock(int file, int operation, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (::flock(file, operation | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(between_tries);
  }
  return true;
}

// What keeps an open file from being a history of ours.
std::optional<std::string> defect(int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return reason();
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  if (status.st_uid != ::geteuid()) return "belongs to somebody else";
  std::array<char, header.size()> begin{};
  const auto size = ::pread(file, begin.data(), begin.size(), 0);
  if (size < 0) return reason();
  if (size > 0 && std::string_view(begin.data(), static_cast<std::size_t>(size)) != header)
    return "is no history";
  return std::nullopt;
}

// To open a device can do something already.
bool is_device(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode));
}

std::string left_alone(const std::filesystem::path& file, const std::string& why) {
  return fmt::format("{}: {}: typed lines are not remembered", file.native(), why);
}

// ---- its contents

using Lines = std::unique_ptr<History, void (*)(History*)>;

Lines no_lines() {
  Lines lines(::history_init(), ::history_end);
  if (!lines) throw std::bad_alloc();
  HistEvent event{};
  ::history(lines.get(), &event, H_SETSIZE, remembered_lines);
  ::history(lines.get(), &event, H_SETUNIQUE, 1);
  return lines;
}

// By way of /proc it is this file that is read, whatever has its name by now.
bool load(History* lines, int file) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return false;
  HistEvent event{};
  const auto path = fmt::format("/proc/self/fd/{}", file);
  return status.st_size == 0 || ::history(lines, &event, H_LOAD, path.c_str()) >= 0;
}

// What the file is to contain; nothing if there is no room for it even in memory.
std::string contents(History* lines) {
  const int memory = ::memfd_create("history", MFD_CLOEXEC);
  std::FILE* const stream = memory < 0 ? nullptr : ::fdopen(memory, "w+");
  if (stream == nullptr) return {};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closed(stream, std::fclose);
  HistEvent event{};
  if (::history(lines, &event, H_SAVE_FP, stream) < 0 || std::fflush(stream) != 0) return {};
  std::string text(static_cast<std::size_t>(std::ftell(stream)), '\0');
  std::rewind(stream);
  return std::fread(text.data(), 1, text.size(), stream) == text.size() ? text : std::string();
}

// Room is made first, so that a full disk costs no old line.
bool replace(int file, std::string_view text) {
  const auto size = static_cast<off_t>(text.size());
  errno = ::posix_fallocate(file, 0, size);
  if (errno != 0 && errno != EOPNOTSUPP && errno != EINVAL) return false;
  for (off_t written = 0; written < size;) {
    const auto rest = text.substr(static_cast<std::size_t>(written));
    const auto count = ::pwrite(file, rest.data(), rest.size(), written);
    if (count < 0) return false;
    written += count;
  }
  return ::ftruncate(file, size) == 0 && ::fchmod(file, S_IRUSR | S_IWUSR) == 0;
}

}  // namespace

HistoryLines read_history(const std::filesystem::path& path) {
  if (is_device(path)) return {{}, {}, false};
  const auto file = open_file(path, O_RDONLY);
  if (!file.is_open()) {
    if (errno == ENOENT) return {};
    return {{}, left_alone(path, reason()), false};
  }
  if (const auto why = defect(file.number())) return {{}, left_alone(path, *why), false};
  // Without the lock a line may be cut; that is better than to wait.
  static_cast<void>(lock(file.number(), LOCK_SH, patience_of_reader));
  const auto loaded = no_lines();
  if (!load(loaded.get(), file.number())) return {{}, left_alone(path, "cannot be read"), false};
  HistoryLines read;
  HistEvent event{};
  for (int found = ::history(loaded.get(), &event, H_LAST); found >= 0;
       found = ::history(loaded.get(), &event, H_PREV))
    read.lines.emplace_back(event.str);
  return read;
}

std::optional<std::string> add_to_history(const std::filesystem::path& path,
                                          const std::vector<std::string>& lines) {
  if (is_device(path)) return left_alone(path, "is no regular file");
  const auto file = open_file(path, O_RDWR | O_CREAT);
  if (!file.is_open()) return left_alone(path, reason());
  if (const auto why = defect(file.number())) return left_alone(path, *why);
  if (!lock(file.number(), LOCK_EX, patience_of_writer))
    return left_alone(path, "another process has locked it");
  const auto all = no_lines();
  if (!load(all.get(), file.number())) return left_alone(path, "cannot be read");
  HistEvent event{};
  for (const auto& line : lines)
    ::history(all.get(), &event, H_ENTER, line.c_str());
  errno = 0;
  const auto text = contents(all.get());
  if (text.empty() || !replace(file.number(), text)) return left_alone(path, reason());
  return std::nullopt;
}

}  // namespace client
