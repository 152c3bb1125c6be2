#pragma once

#include <histedit.h>

#include <boost/system/result.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/wire/failure.hpp"

/// Lines that are remembered from one run to the next, in a file in the format of history(3), with
/// the strings of vis(3). It is used only if it is a regular file of the user's own that is empty
/// or has that format. Anything else of that name, such as a FIFO or another program's file, is
/// left alone.
namespace client {

/// The file: COROECHO_HISTFILE, else ~/.coroecho_history. None if that variable is empty or names a
/// device such as /dev/null, or if there is no home.
std::optional<std::filesystem::path> history_file();

/// How many lines are kept.
inline constexpr int remembered_lines = 1000;

/// The lines of the file, the oldest first; none if it does not exist. Waits up to 200 ms for
/// another process that has locked it, then reads it all the same.
boost::system::result<std::vector<std::string>, Failure> read_history(
    const std::filesystem::path& file);

/// Adds lines after those of other clients that have ended meanwhile, and keeps the last 1000.
/// Makes the file if there is none, and makes it the user's alone (0600). Waits up to a second for
/// a lock. If the file cannot be written, it stays as it was.
boost::system::result<void, Failure> add_to_history(const std::filesystem::path& file,
                                                    const std::vector<std::string>& lines);

/// The lines that the editor offers: those of the file, and those typed since.
class LineHistory {
 public:
  /// Reads the file, if one is given.
  explicit LineHistory(std::optional<std::filesystem::path> file);

  /// Empty lines and repetitions of the last one are not remembered.
  void add(const std::string& line);

  /// Adds the lines typed since the last call to the file, if there is one.
  boost::system::result<void, Failure> save();

  /// Why the file was left alone, if it was.
  const std::optional<Failure>& problem() const { return problem_; }

  HistoryW* handle() const { return history_.get(); }

 private:
  std::optional<std::filesystem::path> file_;
  std::unique_ptr<HistoryW, void (*)(HistoryW*)> history_;
  std::optional<Failure> problem_;
  std::vector<std::string> typed_;  // not saved yet
};

}  // namespace client
