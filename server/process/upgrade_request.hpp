#pragma once

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace server {

/// No process holds the pid file. what() is one line.
class NotRunning : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Makes the service that holds the pid file execute its program anew (SIGRTMIN), and returns once
/// it goes on with that. Throws NotRunning, or std::runtime_error with one line: the service goes
/// on with the old program, ended, gave no result within `limit`, or does not know that signal.
void request_upgrade(const std::filesystem::path& pid_file,
                     std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace server
