#pragma once

#include <csignal>
#include <string>

#include "tests/service/process.hpp"

namespace service {

// As long as it exists, system calls of a running program fail: strace(1), `what` as behind its -e
// inject=, such as "accept4:error=EPERM:when=1".
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
