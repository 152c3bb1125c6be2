#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The file in which lines are remembered, in the format of history(3), with the strings of vis(3).
/// It is touched only if it is a regular file of the user's own that is empty or has that format;
/// whatever else has its name, such as /dev/null, a FIFO or another program's file, is left alone.
namespace client {

/// Lines, or why there are none.
struct HistoryLines {
  std::vector<std::string> lines;           ///< the oldest first
  std::optional<std::string> problem = {};  ///< one line for the user
  bool usable = true;  ///< lines can be added; not to a device, which is no problem
};

/// Reads it; a file that does not exist has no lines. Waits shortly where another process has
/// locked it.
HistoryLines read_history(const std::filesystem::path& path);

/// Adds lines after those of other clients that have ended meanwhile, and keeps the last 1000. A
/// file that it makes is the user's alone (0600). Where it cannot be written it stays as it was.
/// Returns what was wrong.
std::optional<std::string> add_to_history(const std::filesystem::path& path,
                                          const std::vector<std::string>& lines);

}  // namespace client
