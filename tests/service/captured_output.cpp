#include "tests/service/captured_output.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace service {

namespace {

// A failing wait shows the end of the output, since the reason is there.
std::string tail(const std::string& text) {
  constexpr std::size_t shown = 4000;
  return text.size() <= shown ? text : "[...]" + text.substr(text.size() - shown);
}

// AddressSanitizer reports once that it does not know a coroutine's stack. That is no finding,
// since it does not check stacks here (see COROECHO_SANITIZE).
std::string without_stack_notice(std::string text) {
  const std::size_t notice =
      text.find("WARNING: ASan is ignoring requested __asan_handle_no_return");
  if (notice == std::string::npos) return text;
  const std::size_t begin = text.rfind('\n', notice) + 1;  // 0 on the first line: npos + 1
  const std::size_t last_line = text.find("For details see ", notice);
  return text.erase(begin, text.find('\n', last_line) + 1 - begin);
}

// Finds the lines of a growing text that contain a part. Each call continues where the last one
// ended.
class LineSearch {
 public:
  explicit LineSearch(std::string_view part) : part_(part) {}

  // The next such complete line, if there is one yet.
  std::optional<std::string> next(std::string_view text) {
    for (;;) {
      const std::size_t end = text.find('\n', begin_);
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view line = text.substr(begin_, end - begin_);
      begin_ = end + 1;
      if (line.find(part_) != std::string_view::npos) return std::string(line);
    }
  }

 private:
  std::string_view part_;
  std::size_t begin_ = 0;
};

}  // namespace

CapturedOutput::CapturedOutput(FileDescriptor pipe)
    : pipe_(std::move(pipe)), reader_([this] { read_to_end(); }) {}

CapturedOutput::~CapturedOutput() {
  reader_.join();
}

void CapturedOutput::read_to_end() {
  std::vector<char> buffer(256 * 1024);
  for (;;) {
    const ssize_t size = read(pipe_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    if (size > 0) text_.append(buffer.data(), static_cast<std::size_t>(size));
    if (size <= 0) ended_ = true;
    changed_.notify_all();
    if (ended_) return;
  }
}

std::string CapturedOutput::wait_for_line(std::string_view part, std::size_t occurrence,
                                          std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  LineSearch search(part);
  std::optional<std::string> line;
  std::size_t found = 0;
  changed_.wait_for(lock, timeout, [&] {
    while (found < occurrence && (line = search.next(text_)))
      ++found;
    return found == occurrence || ended_;
  });
  if (found == occurrence) return std::move(*line);
  throw std::runtime_error("line " + std::to_string(occurrence) + " with '" + std::string(part) +
                           "' did not come; the output is:\n" + tail(text_));
}

std::string CapturedOutput::wait_for_bytes(std::size_t size,
                                           std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return text_.size() >= size || ended_; });
  if (text_.size() >= size) return text_;
  throw std::runtime_error(std::to_string(text_.size()) + " of " + std::to_string(size) +
                           " bytes came; the output is:\n" + tail(text_));
}

std::size_t CapturedOutput::count_lines(std::string_view part) const {
  const std::lock_guard lock(mutex_);
  LineSearch search(part);
  std::size_t count = 0;
  while (search.next(text_))
    ++count;
  return count;
}

std::string CapturedOutput::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::string CapturedOutput::wait_for_end(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, timeout, [&] { return ended_; })) {
    return without_stack_notice(text_);
  }
  throw std::runtime_error("the output did not end; it is:\n" + tail(text_));
}

}  // namespace service
