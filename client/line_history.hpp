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

/// The lines typed before, in memory and, where there is a file, in it. The file is the user's
/// alone (0600).
class LineHistory {
 public:
  /// Reads the file, if there is one.
  explicit LineHistory(std::optional<std::filesystem::path> file);
  /// Adds the lines to it, after those of other clients that have ended meanwhile.
  ~LineHistory();
  LineHistory(const LineHistory&) = delete;
  LineHistory& operator=(const LineHistory&) = delete;
  LineHistory(LineHistory&&) = delete;
  LineHistory& operator=(LineHistory&&) = delete;

  /// Empty lines and repetitions of the last one are not remembered.
  void add(const std::string& line);

  History* handle() const { return history_.get(); }

 private:
  std::optional<std::filesystem::path> file_;
  std::unique_ptr<History, void (*)(History*)> history_;
  std::vector<std::string> typed_;  // by this client
};

}  // namespace client
