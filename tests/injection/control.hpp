#pragma once

#include <atomic>
#include <cstdint>

namespace injection {

// This variable of a program under test has the path of its Control's file.
inline constexpr const char* control_variable = "INJECTION_CONTROL";

// Shared by the test and the library preloaded into the program (preloaded.cpp), in a mapped file.
// A file of zeros is a Control: nothing fails.
struct Control {
  // Set by the test before the program starts: it hands over a listener for its system calls.
  std::atomic<bool> traps_system_calls;
  // Set by the program: the number of the listener's descriptor; 0 = none yet.
  std::atomic<int> listener;
  // Set by the test: it has taken the listener.
  std::atomic<bool> listener_taken;
  // Set by the program as main() begins: what comes before is the loader's and the libraries'.
  std::atomic<bool> in_main;

  // Allocations since the test has set this to 0, and the first of them that fails; 0 = none does.
  std::atomic<std::uint64_t> allocations;
  std::atomic<std::uint64_t> failing;
  std::atomic<bool> for_good;  // all from that one on fail, or it alone
  std::atomic<std::uint64_t> failed;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace injection
