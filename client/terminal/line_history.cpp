#include "client/terminal/line_history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>
#include <thread>
#include <utility>

#include "client/terminal/wide_text.hpp"
#include "coro/descriptor.hpp"
#include "coro/error.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;

constexpr std::string_view header = "_HiStOrY_V2_\n";
constexpr auto patience_of_reader = 200ms;
constexpr auto patience_of_writer = 1s;  // clients that end together write one after the other
constexpr auto between_tries = 5ms;

Failure left_alone(const path& file, const std::string& why) {
  return {FailureClass::local,
          fmt::format("{}: {}: typed lines are not remembered", file.native(), why)};
}

Failure left_alone(const path& file) {
  return left_alone(file, coro::last_error().message());
}

bool is_device(const path& file) {
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  return is_character_file(status) || is_block_file(status);
}

// A device is not even opened, which could have an effect. O_NONBLOCK is for a FIFO, whose other
// end is not waited for.
boost::system::result<coro::Descriptor, Failure> open_history(const path& file, int flags) {
  if (is_device(file)) return left_alone(file, "is no regular file");
  constexpr int always = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  coro::Descriptor opened(::open(file.c_str(), flags | always, S_IRUSR | S_IWUSR));
  struct stat status {};
  if (!opened.is_open() || ::fstat(opened.number(), &status) != 0) return left_alone(file);
  if (!S_ISREG(status.st_mode)) return left_alone(file, "is no regular file");
  if (status.st_uid != ::geteuid()) return left_alone(file, "belongs to somebody else");
  std::array<char, header.size()> begin{};
  const auto size = ::pread(opened.number(), begin.data(), begin.size(), 0);
  if (size < 0) return left_alone(file);
  if (size > 0 && std::string_view(begin.data(), static_cast<std::size_t>(size)) != header)
    return left_alone(file, "is no history");
  return opened;
}

// Another process may hold the lock for ever; that keeps no user from connecting, or from leaving.
bool lock(const coro::Descriptor& file, int operation, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (::flock(file.number(), operation | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(between_tries);
  }
  return true;
}

// ---- its contents

using Lines = std::unique_ptr<History, void (*)(History*)>;

// libedit opens what it loads by name. The name in /proc stands for this very file, even if the
// path names another one by now. Null if the file cannot be read.
Lines load(const coro::Descriptor& file) {
  Lines lines(::history_init(), ::history_end);
  if (!lines) throw std::bad_alloc();
  HistEvent event{};
  ::history(lines.get(), &event, H_SETSIZE, remembered_lines);
  ::history(lines.get(), &event, H_SETUNIQUE, 1);
  const auto name = fmt::format("/proc/self/fd/{}", file.number());
  const bool is_read = ::lseek(file.number(), 0, SEEK_END) == 0 ||
                       ::history(lines.get(), &event, H_LOAD, name.c_str()) >= 0;
  if (!is_read) lines.reset();
  return lines;
}

// Makes room first, so that a full disk costs no old line.
bool replace(const coro::Descriptor& file, std::string_view text) {
  const auto size = static_cast<off_t>(text.size());
  errno = ::posix_fallocate(file.number(), 0, size);
  if (errno != 0 && errno != EOPNOTSUPP && errno != EINVAL) return false;
  for (off_t written = 0; written < size;) {
    const auto rest = text.substr(static_cast<std::size_t>(written));
    const auto count = ::pwrite(file.number(), rest.data(), rest.size(), written);
    if (count < 0) return false;
    written += count;
  }
  return ::ftruncate(file.number(), size) == 0 && ::fchmod(file.number(), S_IRUSR | S_IWUSR) == 0;
}

// The text is complete in memory before the file is touched. libedit changes the mode of what it
// writes to, so that must be a file too.
bool save(History* lines, const coro::Descriptor& file) {
  std::FILE* const stream = ::fdopen(::memfd_create("history", MFD_CLOEXEC), "w+");
  if (stream == nullptr) return false;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closed(stream, std::fclose);
  HistEvent event{};
  if (::history(lines, &event, H_SAVE_FP, stream) < 0 || std::fflush(stream) != 0) return false;
  std::string text(static_cast<std::size_t>(std::ftell(stream)), '\0');
  std::rewind(stream);
  return std::fread(text.data(), 1, text.size(), stream) == text.size() && replace(file, text);
}

void add_to(HistoryW* history, const std::string& line) {
  HistEventW event{};
  ::history_w(history, &event, H_ENTER, widened(line).c_str());
}

}  // namespace

std::optional<path> history_file() {
  const char* const named = std::getenv("COROECHO_HISTFILE");
  const char* const home = std::getenv("HOME");
  path file;
  if (named != nullptr)
    file = named;
  else if (home != nullptr && *home != '\0')
    file = path(home) / ".coroecho_history";
  return file.empty() || is_device(file) ? std::nullopt : std::optional(file);
}

boost::system::result<std::vector<std::string>, Failure> read_history(const path& file) {
  std::vector<std::string> lines;
  std::error_code ignored;
  if (status(file, ignored).type() == std::filesystem::file_type::not_found) return lines;
  const auto opened = open_history(file, O_RDONLY);
  if (!opened) return opened.error();
  // Without the lock a line may be cut, which is better than waiting.
  static_cast<void>(lock(*opened, LOCK_SH, patience_of_reader));
  const auto loaded = load(*opened);
  if (!loaded) return left_alone(file, "cannot be read");
  HistEvent event{};
  for (int found = ::history(loaded.get(), &event, H_LAST); found >= 0;
       found = ::history(loaded.get(), &event, H_PREV))
    lines.emplace_back(event.str);
  return lines;
}

boost::system::result<void, Failure> add_to_history(const path& file,
                                                    const std::vector<std::string>& lines) {
  const auto opened = open_history(file, O_RDWR | O_CREAT);
  if (!opened) return opened.error();
  if (!lock(*opened, LOCK_EX, patience_of_writer))
    return left_alone(file, "another process has locked it");
  const auto all = load(*opened);
  if (!all) return left_alone(file, "cannot be read");
  HistEvent event{};
  for (const auto& line : lines)
    ::history(all.get(), &event, H_ENTER, line.c_str());
  if (!save(all.get(), *opened)) return left_alone(file);
  return {};
}

LineHistory::LineHistory(std::optional<path> file)
    : file_(std::move(file)), history_(::history_winit(), ::history_wend) {
  if (!history_) throw std::bad_alloc();
  HistEventW event{};
  ::history_w(history_.get(), &event, H_SETSIZE, remembered_lines);
  ::history_w(history_.get(), &event, H_SETUNIQUE, 1);
  if (!file_) return;
  if (const auto lines = read_history(*file_)) {
    for (const auto& line : *lines)
      add_to(history_.get(), line);
  } else {
    problem_ = lines.error();
    file_.reset();
  }
}

boost::system::result<void, Failure> LineHistory::save() {
  const auto lines = std::exchange(typed_, {});
  if (!file_ || lines.empty()) return {};
  return add_to_history(*file_, lines);
}

void LineHistory::add(const std::string& line) {
  if (line.empty()) return;
  add_to(history_.get(), line);
  typed_.push_back(line);
}

}  // namespace client
