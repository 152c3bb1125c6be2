#pragma once

#include <sys/types.h>

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "coro/descriptor.hpp"
#include "coro/yield.hpp"

namespace server {

/// Another program that runs for a moment. Its standard input is empty, both of its outputs are
/// read. It is killed and reaped when this is destroyed, if it has not ended.
class Child {
 public:
  /// Starts the program at `path`, which may be relative to the directory. The arguments begin with
  /// the name of the program. Throws std::system_error whose code is that of execve(2) if there is
  /// no such program.
  Child(const std::string& path, const std::string& directory, std::vector<std::string> arguments);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&&) = delete;
  Child& operator=(Child&&) = delete;

  /// Waits until it has ended. Returns its status as of waitpid(2). It is killed if it has not
  /// ended after this time (timed_out), if it prints more than 1 MiB (message_size), and if this is
  /// cancelled (operation_aborted). Call it once.
  boost::system::result<int> wait(coro::Yield yield, std::chrono::nanoseconds limit);

  /// The end of both outputs, at most 4 KiB.
  const std::string& output() const { return output_; }

 private:
  bool read_output();
  void kill() const;
  boost::system::result<int> reap();

  pid_t pid_ = -1;            // none: it is reaped
  coro::Descriptor process_;  // pidfd_open(2)
  coro::Descriptor pipe_;     // both outputs
  std::string output_;
  std::size_t printed_ = 0;  // bytes, on both
};

/// The texts as execve(2) takes them, with a null behind the last.
std::vector<char*> null_terminated(std::vector<std::string>& texts);

}  // namespace server
