#include "client/terminal/line_history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <deque>
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

// Not by libedit, which takes what is no string of vis(3) for one without an end, and writes U+0085
// as one byte.
using Lines = std::deque<std::string>;

void append(Lines& lines, const std::string& line) {
  if (line.empty() || (!lines.empty() && lines.back() == line)) return;
  lines.push_back(line);
  if (lines.size() > remembered_lines) lines.pop_front();
}

std::string encoded(std::string_view line) {
  std::string text;
  for (const char byte : line) {
    const bool is_plain = static_cast<unsigned char>(byte) > ' ' && byte != '\x7f' && byte != '\\';
    text +=
        is_plain ? std::string(1, byte) : fmt::format("\\{:03o}", static_cast<unsigned char>(byte));
  }
  return text;
}

// Takes one byte from the text: itself, \\, \ooo, \^C, \M-C or \M^C.
char take_byte(std::string_view& text) {
  const auto take = [&](std::size_t size, unsigned byte) {
    text.remove_prefix(size);
    return static_cast<char>(byte);
  };
  const auto at = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  if (!text.starts_with('\\')) return take(1, static_cast<unsigned char>(at(0)));
  if (at(1) == '\\') return take(2, '\\');
  const auto digits = text.substr(1, 3);
  unsigned number = 0;
  const auto* const end = std::from_chars(digits.begin(), digits.end(), number, 8).ptr;
  if (end != digits.begin() && number <= 0xFF)
    return take(1 + static_cast<std::size_t>(end - digits.begin()), number);
  const bool is_meta = at(1) == 'M';
  const std::size_t kind = is_meta ? 2 : 1;
  const auto character = static_cast<unsigned char>(at(kind + 1));
  const bool is_control = at(kind) == '^';
  if (character == 0 || !(is_control || (is_meta && at(kind) == '-'))) return take(1, '\\');
  const unsigned low = !is_control ? character : character == '?' ? 0x7FU : character & 0x1FU;
  return take(kind + 2, is_meta ? low | 0x80U : low);
}

std::string decoded(std::string_view text) {
  std::string line;
  while (!text.empty())
    line += take_byte(text);
  return line;
}

// Nothing if the file cannot be read.
std::optional<Lines> load(const coro::Descriptor& file) {
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t size = 1; size != 0; text.append(piece.data(), static_cast<std::size_t>(size))) {
    size = ::pread(file.number(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (size < 0) return std::nullopt;
  }
  Lines lines;
  for (auto begin = std::min(header.size(), text.size()); begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    append(lines, decoded(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
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

// The text is complete in memory before the file is touched.
bool save(const Lines& lines, const coro::Descriptor& file) {
  std::string text(header);
  for (const auto& line : lines)
    text.append(encoded(line)).append("\n");
  return replace(file, text);
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
  std::error_code ignored;
  if (status(file, ignored).type() == std::filesystem::file_type::not_found)
    return std::vector<std::string>();
  const auto opened = open_history(file, O_RDONLY);
  if (!opened) return opened.error();
  // Without the lock a line may be cut, which is better than waiting.
  static_cast<void>(lock(*opened, LOCK_SH, patience_of_reader));
  const auto loaded = load(*opened);
  if (!loaded) return left_alone(file, "cannot be read");
  return std::vector<std::string>(loaded->begin(), loaded->end());
}

boost::system::result<void, Failure> add_to_history(const path& file,
                                                    const std::vector<std::string>& lines) {
  const auto opened = open_history(file, O_RDWR | O_CREAT);
  if (!opened) return opened.error();
  if (!lock(*opened, LOCK_EX, patience_of_writer))
    return left_alone(file, "another process has locked it");
  auto all = load(*opened);
  if (!all) return left_alone(file, "cannot be read");
  for (const auto& line : lines)
    append(*all, line);
  if (!save(*all, *opened)) return left_alone(file);
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
