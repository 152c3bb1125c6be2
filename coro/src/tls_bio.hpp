#pragma once

#include <openssl/types.h>

#include "coro/tls_stream.hpp"

namespace coro {

/// OpenSSL's way to the transport. OpenSSL's own BIO of a socket would raise SIGPIPE. Writing to
/// this one never fails: it keeps what the socket does not take, so OpenSSL need not be called
/// again to write the same bytes, and reading never waits for room; and after an error of the
/// socket reading goes on. An end that reads nothing but makes OpenSSL answer on and on breaks the
/// stream (TlsError::unread).
struct TlsStream::Bio {
  /// It belongs to the caller, and must not outlive the stream. Throws std::bad_alloc.
  static BIO* make(TlsStream& stream);
  /// OpenSSL passes each message of the protocol to this one (SSL_CTX_set_msg_callback(3)).
  static void watch(int sent, int version, int type, const void* message, std::size_t size,
                    ssl_st* tls, void* stream);

 private:
  static int read(BIO* bio, char* into, int size);
  static int write(BIO* bio, const char* bytes, int size);
  static long control(BIO* bio, int command, long number, void* pointer);
};

}  // namespace coro
