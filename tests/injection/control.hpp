#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace injection {

// This variable of a program under test has the path of its Control's file.
inline constexpr const char* control_variable = "INJECTION_CONTROL";
// The configuration is in a file of this name.
inline constexpr std::string_view configuration_name = "configuration";

// The allocations by which a program loads its configuration, at a reload or, with its options, at
// a start, there after it has taken the state of a program before it: those after `begin`, up to
// `end`.
struct Loading {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

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

  // Those since the test has set the number to 0.
  std::atomic<std::size_t> loadings;
  std::array<Loading, 8> loading;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace injection
