#include "client/terminal/line_history.hpp"

#include <cstdlib>
#include <new>
#include <utility>

#include "client/terminal/history_file.hpp"
#include "client/terminal/wide_text.hpp"

namespace client {
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
    : file_(std::move(file)), history_(::history_winit(), ::history_wend) {
  if (!history_) throw std::bad_alloc();
  HistEventW event{};
  ::history_w(history_.get(), &event, H_SETSIZE, remembered_lines);
  ::history_w(history_.get(), &event, H_SETUNIQUE, 1);
  if (!file_) return;
  const auto read = read_history(*file_);
  for (const auto& line : read.lines)
    ::history_w(history_.get(), &event, H_ENTER, widened(line).c_str());
  problem_ = read.problem;
  if (!read.usable) file_.reset();
}

LineHistory::~LineHistory() {
  // That it cannot be written is no reason to fail: the lines have been sent.
  static_cast<void>(save());
}

std::optional<std::string> LineHistory::save() {
  const auto lines = std::exchange(typed_, {});
  if (!file_ || lines.empty()) return std::nullopt;
  return add_to_history(*file_, lines);
}

void LineHistory::add(const std::string& line) {
  if (line.empty()) return;
  HistEventW event{};
  ::history_w(history_.get(), &event, H_ENTER, widened(line).c_str());
  typed_.push_back(line);
}

}  // namespace client
