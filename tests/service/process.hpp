#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/service/captured_output.hpp"
#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"

namespace service {

// A running program. Its output is captured, its input is a pipe. It starts with the signal
// dispositions of a fresh shell, and dies with the test.
class Process {
 public:
  // Looks the program up in PATH. A program that cannot be started exits with 127.
  explicit Process(const std::vector<std::string>& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills the program if it still runs.
  ~Process();

  pid_t pid() const { return pid_; }
  const CapturedOutput& output() const { return output_; }  // standard output
  const CapturedOutput& errors() const { return errors_; }  // standard error

  // Writes to the program's standard input, and blocks until all is written. False if the program
  // has closed it.
  bool write(std::string_view bytes);
  void close_input();

  void signal(int number) const;

  // The exit code, or 128 + the signal that ended it. Throws std::runtime_error when time is up.
  int wait(std::chrono::milliseconds timeout = patience);
  bool running() const { return !exit_code_; }

 private:
  struct Pipes {
    Pipe input, output, errors;
  };
  Process(const std::vector<std::string>& command, Pipes pipes);

  pid_t pid_;
  FileDescriptor handle_;  // pidfd: readable once the program has ended
  FileDescriptor input_;
  CapturedOutput output_;
  CapturedOutput errors_;
  std::optional<int> exit_code_;
};

// Runs a program to its end, with an empty input.
struct Finished {
  int exit_code;
  std::string output;
  std::string errors;
};
Finished run(const std::vector<std::string>& command, std::string_view input = "");

// Whether this machine lets a test make networks of its own: unshare(1), ip(8), tc(8).
bool can_make_networks();

}  // namespace service
