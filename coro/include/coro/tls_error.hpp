#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/is_error_code_enum.hpp>

#include "coro/io.hpp"

namespace coro {

/// The errors of a TlsStream's own. Others are those of a Stream, of tls_category() and of
/// certificate_category(); eof means that the other end has sent close_notify.
enum class TlsError {
  truncated = 1,  ///< the connection ended without close_notify: bytes may be missing
  left_out,       ///< the library was built without TLS (CORO_TLS=OFF)
  unread,         ///< the other end asks for answers of the protocol without end, and reads none
  new_keys        ///< the other end changes its keys more often than anybody needs
};

/// Errors of the protocol, as OpenSSL numbers them: a message that is no TLS, no version or cipher
/// in common, an alert of the other end.
const boost::system::error_category& tls_category();

/// Why the other end's certificate was refused; the value is one of OpenSSL's X509_V_ERR_*, and the
/// message begins with "certificate: ".
const boost::system::error_category& certificate_category();

error_code make_error_code(TlsError error);

}  // namespace coro

template <>
struct boost::system::is_error_code_enum<coro::TlsError> : std::true_type {};
