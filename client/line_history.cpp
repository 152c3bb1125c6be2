#include "client/line_history.hpp"

#include <cstdlib>
#include <new>
#include <utility>

namespace client {
namespace {

constexpr int remembered_lines = 1000;

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
  if (file_) ::history(history_.get(), &event, H_LOAD, file_->c_str());
}

LineHistory::~LineHistory() {
  HistEvent event{};
  // That it cannot be written is no reason to fail: the lines have been sent.
  if (file_) ::history(history_.get(), &event, H_SAVE, file_->c_str());
}

void LineHistory::add(const std::string& line) {
  if (line.empty()) return;
  HistEvent event{};
  ::history(history_.get(), &event, H_ENTER, line.c_str());
}

}  // namespace client
