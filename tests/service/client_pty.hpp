#pragma once

#include <sys/types.h>

#include <cstdint>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"
#include "tests/temporary_directory.hpp"

namespace service {

// A program in a pty(7): the test types bytes and reads bytes.
class Pty {
 public:
  struct Size {
    std::uint16_t rows = 24;
    std::uint16_t columns = 80;
  };
  struct Options {
    std::map<std::string, std::optional<std::string>> environment = {};  // nothing: not set
    Size size = {};
  };

  // HOME is a directory of its own, TERM is xterm, the locale C.UTF-8.
  explicit Pty(const std::vector<std::string>& command);
  Pty(const std::vector<std::string>& command, const Options& options);
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;
  // Kills the program if it still runs.
  ~Pty();

  pid_t pid() const { return pid_; }
  const TemporaryDirectory& home() const { return home_; }

  void type(std::string_view bytes);
  // Gives the terminal another size; the kernel sends the program SIGWINCH.
  void resize(Size size);
  // Waits until the program has written this, after the text that earlier calls waited for. Throws
  // std::runtime_error with the whole output when time is up or the program has ended.
  void wait_for(std::string_view text);
  // The whole output so far.
  const std::string& written() const { return written_; }
  // Whether the kernel shows and edits what is typed, as for a shell's child.
  bool edits_itself() const;
  // The exit code, or 128 + the signal that ended it. Throws as above.
  int wait();

 private:
  bool read_some();

  TemporaryDirectory home_;
  FileDescriptor terminal_;  // the program's side, kept open for its modes
  FileDescriptor master_;
  pid_t pid_ = -1;
  std::string written_;
  std::size_t waited_for_ = 0;
};

}  // namespace service
