#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/open_descriptors.hpp"

namespace service {

// The kernel's figures of a running program, proc(5), as open_descriptors() is one. Each throws
// std::runtime_error when the program has ended.
std::size_t resident_bytes(pid_t process);

// Those of its descriptors that stay open when it executes another program (execve(2)), and what
// each leads to, but for the standard streams.
std::vector<std::string> descriptors_kept_on_exec(pid_t process);

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
