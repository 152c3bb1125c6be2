#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "coro/yield.hpp"
#include "server/upgrade/state.hpp"

namespace server {

/// The program of this process as it was started: its path, which may have another file meanwhile,
/// its arguments and its directory.
class Program {
 public:
  using Result = boost::system::result<std::string, std::string>;

  Program(std::string path, std::vector<std::string> arguments, std::string directory);

  /// Of this process; call it before the directory changes. A relative path is one in that
  /// directory. A script that executes the service is not remembered; one that names the service as
  /// its interpreter (#!) is an argument, and the path is that of the interpreter.
  static Program started(int argc, const char* const* argv);

  /// Starts the program with `--check-upgrade` as a child. Returns its version if it accepts the
  /// configuration and understands a state of state_version, otherwise the reason in one line. It
  /// has `limit` to answer; meanwhile other coroutines run.
  Result ask(coro::Yield yield, std::chrono::nanoseconds limit = std::chrono::seconds(10)) const;

  /// Executes the program in this process, which keeps the descriptors that the state names. Must
  /// not suspend. Returns only if that fails, with the reason in one line; nothing has changed
  /// then.
  std::string execute(const State& state) const;

 private:
  std::string reachable_directory() const;

  std::string path_;
  std::vector<std::string> arguments_;
  std::string directory_;
};

/// The state with which this process was executed, by the variable COROECHO_STATE=PID:DESCRIPTOR;
/// none if it was started in another way. The variable is removed, and the descriptors of the state
/// are closed on exec again. Throws std::runtime_error with a line if the state cannot be used.
std::optional<State> take_state();

}  // namespace server
