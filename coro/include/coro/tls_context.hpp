#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace coro {

/// The part that TLS streams of one kind share: who they are, whom they trust, and the oldest
/// version that they speak. A handle, cheap to copy: each stream keeps what it began with, so a
/// program replaces the context for the streams that follow and the others go on.
///
/// No session is ever resumed, no early data is taken, nothing is compressed and nothing is
/// renegotiated: the memory of a context does not grow, and an answer cannot be replayed.
///
/// Errors are phrases for the log. PEM is passed as text, so that a file is read once, and by the
/// caller, who knows its name.
class TlsContext {
 public:
  enum class Role { accept, connect };
  enum class Version { tls_1_2, tls_1_3 };

  template <typename Value>
  using Result = boost::system::result<Value, std::string>;

  /// One that connects verifies the other end's certificate, and trusts nobody yet. The error is
  /// want of memory, or that the library was built without TLS.
  static Result<TlsContext> make(Role role, Version least = Version::tls_1_2);

  /// When a certificate holds. A time that the clock cannot count, after 2262-04-11, is the last
  /// one that it can.
  struct Validity {
    std::chrono::system_clock::time_point from;
    std::chrono::system_clock::time_point until;
  };

  /// The certificate of this end, followed by those of its issuers. Returns its validity, which is
  /// not checked.
  Result<Validity> use_certificate(std::string_view chain);
  /// The private key of the certificate, which must have been given before, without a passphrase.
  Result<void> use_key(std::string_view key);

  /// Trusts certificates that these authorities have signed. One that accepts demands such a
  /// certificate of each client from then on.
  Result<void> trust(std::string_view authorities);
  /// Trusts the authorities that the system trusts.
  Result<void> trust_system();
  /// Takes any certificate, or none.
  void trust_everybody();

  /// The application protocol (ALPN, RFC 7301): one that connects offers it, one that accepts
  /// chooses it if it is offered, and takes clients that offer others or none.
  void speak(std::string_view protocol);

  Role role() const { return role_; }
  ssl_ctx_st* native_handle() const { return context_.get(); }

 private:
  TlsContext(Role role, std::shared_ptr<ssl_ctx_st> context);

  Role role_;
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace coro
