#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "client/wire/target.hpp"
#include "coro/io.hpp"

namespace client {

using coro::error_code;

/// The kind of failure: the first word of the message, for people and for scripts. name_of() has
/// the words, in this order.
enum class FailureClass {
  refused,      ///< the host answers, nothing listens on the port
  unreachable,  ///< no way to the host
  timeout,      ///< no answer, or no progress, in the time given
  dns,          ///< the name or the service has no address, or nobody answers for it
  reset,        ///< the server broke the connection off
  closed,       ///< the server closed before everything had come back
  truncated,    ///< the connection ended without the end that TLS has for it
  handshake,    ///< the two ends did not agree on how to encrypt
  certificate,  ///< the server's certificate is not trusted
  mismatch,     ///< a byte came back that was not sent there
  local,        ///< this machine: its files, descriptors, ports
  usage         ///< the command line
};

/// Why a run did not succeed.
struct Failure {
  FailureClass kind = FailureClass::local;
  std::string text;  ///< one line: what happened, and what to do
};

/// A byte that came back wrong.
struct Mismatch {
  std::uint64_t offset = 0;           ///< of the byte, counted from the first one sent
  std::optional<std::byte> expected;  ///< nothing if no byte was outstanding
  std::byte got{};
};

/// The word for it: "refused".
const char* name_of(FailureClass kind);

FailureClass classify(error_code error);

/// No connection could be made.
Failure connect_failure(const Target& target, error_code error);
/// The connection broke while bytes were outstanding.
Failure transfer_failure(const Target& target, error_code error, std::uint64_t missing);
/// A datagram was refused on its way, or could not be sent.
Failure datagram_failure(const Target& target, error_code error);
Failure mismatch_failure(const Target& target, const Mismatch& mismatch);
/// Reading or writing a file of this machine failed.
Failure local_failure(const std::string& what, error_code error);

/// `coroecho-client: refused: ...`
std::string text_of(const Failure& failure);
/// The same, on standard error.
void report(const Failure& failure);

}  // namespace client
