#pragma once

#include <cerrno>
#include <system_error>

namespace load {

/// Throws errno as a std::system_error.
[[noreturn]] inline void throw_errno(const char* what) {
  throw std::system_error(errno, std::system_category(), what);
}

/// The result of a system call, which is not -1.
template <typename Result>
Result checked(Result result, const char* what) {
  if (result == -1) throw_errno(what);
  return result;
}

}  // namespace load
