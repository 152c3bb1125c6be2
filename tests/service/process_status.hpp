#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>

namespace service {

// The kernel's figures of a running program, proc(5). Each throws std::runtime_error when the
// program has ended.
std::size_t resident_bytes(pid_t process);
std::size_t open_descriptors(pid_t process);

// Waits until the program has at most so many; false when time is up.
bool wait_for_open_descriptors(pid_t process, std::size_t most);

// The share of one processor that the program takes during the next `period`: 0..1.
double processor_share(pid_t process, std::chrono::milliseconds period = std::chrono::seconds(1));

// An idle program with a larger share than this spins.
inline constexpr double idle_share = 0.05;

// The soft limit of RLIMIT_NOFILE, getrlimit(2).
std::size_t descriptor_limit(pid_t process);
void set_descriptor_limit(pid_t process, std::size_t limit);

}  // namespace service
