#include "client/line_history.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cstdlib>
#include <new>
#include <utility>

#include "coro/descriptor.hpp"

namespace client {
namespace {

constexpr int remembered_lines = 1000;

// Clients that end together, as in a terminal that is closed, write one after the other, and nobody
// reads what is half written. What cannot be opened has no lock, and cannot be read or written.
coro::Descriptor lock(const std::filesystem::path& file, int flags, int operation) {
  coro::Descriptor locked(::open(file.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (locked.is_open()) ::flock(locked.number(), operation);
  return locked;
}

}  // namespace

std::optional<std::filesystem::path> history_file() {
  if (const char* const file = std::getenv("COROECHO_HISTFILE")) {
    if (*file == '\0') return std::nullopt;
    return file;
  }
  const char* const home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return std::nullopt;
  return std::filesystem::path(home) / ".coroecho_history";
}

LineHistory::LineHistory(std::optional<std::filesystem::path> file)
    : file_(std::move(file)), history_(::history_init(), ::history_end) {
  if (!history_) throw std::bad_alloc();
  HistEvent event{};
  ::history(history_.get(), &event, H_SETSIZE, remembered_lines);
  ::history(history_.get(), &event, H_SETUNIQUE, 1);
  if (!file_) return;
  const auto locked = lock(*file_, O_RDONLY, LOCK_SH);
  ::history(history_.get(), &event, H_LOAD, file_->c_str());
}

LineHistory::~LineHistory() {
  if (!file_ || typed_.empty()) return;
  const auto locked = lock(*file_, O_RDWR | O_CREAT, LOCK_EX);
  HistEvent event{};
  ::history(history_.get(), &event, H_CLEAR);
  ::history(history_.get(), &event, H_LOAD, file_->c_str());
  for (const auto& line : typed_)
    ::history(history_.get(), &event, H_ENTER, line.c_str());
  // That it cannot be written is no reason to fail: the lines have been sent.
  ::history(history_.get(), &event, H_SAVE, file_->c_str());
}

void LineHistory::add(const std::string& line) {
  if (line.empty()) return;
  HistEvent event{};
  ::history(history_.get(), &event, H_ENTER, line.c_str());
  typed_.push_back(line);
}

}  // namespace client
