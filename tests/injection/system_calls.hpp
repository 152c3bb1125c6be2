#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "tests/injection/control.hpp"
#include "tests/service/file_descriptor.hpp"

namespace injection {

// The call that stands for an allocation among the system calls.
inline constexpr int allocation = -1;

// "recvfrom"; a number for those that the service is not known to use.
std::string name_of(int call);
// An error of errno(3) that this call may return in practice.
int plausible_error(int call);

// Which occurrence of a call fails, counted from begin_phase(); 0 = none.
struct FailingCall {
  int call = -1;
  std::uint64_t occurrence = 0;
  bool for_good = false;  // all from that one on, or it alone
  int error = 0;
};

// Answers each system call of a program that runs with preloaded.cpp: counts it and lets it go on,
// or makes it fail. Ends with the program. A program that it executes in its place counts from
// main() on, and the programs of its children do not count.
class SystemCalls {
 public:
  // Waits until the program hands over its listener. Throws std::runtime_error if it does not.
  SystemCalls(pid_t program, Control& control);
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;
  ~SystemCalls();

  // Counts anew from here. A call that fails for good goes on failing unless another is given.
  void begin_phase(const FailingCall& failing);

  // How often each was called in this phase.
  std::map<int, std::uint64_t> counts() const;
  // How often one has failed, since the start.
  std::uint64_t failed() const;
  // Whether the program has executed the next one before the first failed: there was no way back.
  bool failed_after_execution() const;

 private:
  void answer_all();
  int error_for(const seccomp_notif& call);
  void executes(pid_t process);

  pid_t program_;
  Control& control_;
  service::FileDescriptor listener_;
  service::FileDescriptor stop_;
  mutable std::mutex mutex_;
  std::map<int, std::uint64_t> counts_;
  FailingCall failing_;
  std::uint64_t failed_ = 0;
  bool executed_ = false;  // by the program itself
  bool failed_after_execution_ = false;
  std::set<pid_t> others_;  // children that have executed a program of their own
  std::thread thread_;      // last: it uses the members above
};

}  // namespace injection
