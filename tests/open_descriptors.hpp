#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

/// AddressSanitizer opens a report in each program that it warns about, and keeps it open across
/// execve(2).
inline bool is_report_of_the_sanitizer(const std::filesystem::path& descriptor) {
  std::error_code closed_meanwhile;
  const auto target = std::filesystem::read_symlink(descriptor, closed_meanwhile);
  return target.filename().string().starts_with("report.");
}

/// Of a process, without those of the sanitizer; its own count has one more, for the look itself.
inline std::size_t open_descriptors(pid_t process) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd"))
    if (!is_report_of_the_sanitizer(entry.path())) ++count;
  return count;
}
