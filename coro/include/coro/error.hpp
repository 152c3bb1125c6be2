#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/is_error_code_enum.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace coro {

/// The engine's own errors.
enum class Error {
  no_stack = 1  ///< the system gives no memory or no mappings for another stack
};

const boost::system::error_category& error_category();

/// The errno of the system call that has just failed.
inline boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

/// Returns the result of a system call; throws boost::system::system_error, with the call's name,
/// if that is negative.
inline int checked(int result, const char* call) {
  if (result < 0) throw boost::system::system_error(last_error(), call);
  return result;
}

inline boost::system::error_code make_error_code(Error error) {
  return {static_cast<int>(error), error_category()};
}

}  // namespace coro

template <>
struct boost::system::is_error_code_enum<coro::Error> : std::true_type {};
