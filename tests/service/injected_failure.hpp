#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "tests/service/process.hpp"

namespace service {

// Starts a server that may end while it is traced, so without LeakSanitizer, which then fails.
inline const std::vector<std::string> ends_traced = {"env", "ASAN_OPTIONS=detect_leaks=0"};
inline const std::vector<std::string> any_port = {"--host", "127.0.0.1", "--port", "0"};

// Starts a program whose system calls fail from its first one on; `what` as below.
inline std::vector<std::string> with_failing(const std::string& what) {
  return {"env",           "ASAN_OPTIONS=detect_leaks=0", "strace", "-o", "/dev/null", "-e",
          "inject=" + what};
}

// As long as this object exists, system calls of a running program fail. `what` is as after
// strace(1)'s -e inject=, such as "accept4:error=EPERM:when=1".
class InjectedFailure {
 public:
  InjectedFailure(const Process& program, const std::string& what)
      : strace_({"strace", "-o", "/dev/null", "-e", "trace=" + what.substr(0, what.find(':')), "-e",
                 "inject=" + what, "-p", std::to_string(program.pid())}) {
    strace_.errors().wait_for_line("attached");
  }
  ~InjectedFailure() {
    strace_.signal(SIGINT);  // it lets the program go
    strace_.wait();
  }
  InjectedFailure(const InjectedFailure&) = delete;
  InjectedFailure& operator=(const InjectedFailure&) = delete;

 private:
  Process strace_;
};

}  // namespace service
