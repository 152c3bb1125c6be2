#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/is_error_code_enum.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace coro {

/// What the engine itself can fail with.
enum class Error {
  no_stack = 1  ///< the system gives no memory or no mappings for another stack
};

const boost::system::error_category& error_category();

/// What errno says of the system call that has just failed.
inline boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

/// What a system call has returned; throws boost::system::system_error, with its name, if that is
/// negative.
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
