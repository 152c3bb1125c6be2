#pragma once

#include <histedit.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace client {

/// Where typed lines are remembered: COROECHO_HISTFILE, else ~/.coroecho_history; nowhere if that
/// variable is empty or there is no home.
std::optional<std::filesystem::path> history_file();

/// How many lines are kept.
inline constexpr int remembered_lines = 1000;

/// The lines typed before, in memory and, where there is a file, in it
/// (client/terminal/history_file.hpp).
class LineHistory {
 public:
  /// Reads the file, if there is one.
  explicit LineHistory(std::optional<std::filesystem::path> file);
  /// Saves.
  ~LineHistory();
  LineHistory(const LineHistory&) = delete;
  LineHistory& operator=(const LineHistory&) = delete;
  LineHistory(LineHistory&&) = delete;
  LineHistory& operator=(LineHistory&&) = delete;

  /// Empty lines and repetitions of the last one are not remembered.
  void add(const std::string& line);

  /// Adds the lines to the file, after those of other clients that have ended meanwhile. Returns
  /// what was wrong, in one line for the user.
  std::optional<std::string> save();

  /// Why the file is left alone, if it is and that is worth a message.
  const std::optional<std::string>& problem() const { return problem_; }

  HistoryW* handle() const { return history_.get(); }

 private:
  std::optional<std::filesystem::path> file_;
  std::unique_ptr<HistoryW, void (*)(HistoryW*)> history_;
  std::optional<std::string> problem_;
  std::vector<std::string> typed_;  // by this client
};

}  // namespace client
