#include "coro/tls_context.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>

namespace coro {
namespace {

template <auto release>
struct Releaser {
  template <typename Type>
  void operator()(Type* object) const {
    release(object);
  }
};
using Bio = std::unique_ptr<BIO, Releaser<BIO_free>>;
using Certificate = std::unique_ptr<X509, Releaser<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;

Bio bio_of(std::string_view text) {
  assert(text.size() < static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The last of OpenSSL's errors, which names what the caller asked for; those before it are the
// layers below.
std::string last_reason() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "out of memory";
}

// Without it OpenSSL would ask at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

Certificate next_certificate(BIO* pem) {
  return Certificate(PEM_read_bio_X509(pem, nullptr, nullptr, nullptr));
}

// After next_certificate() has returned none: nothing if that was the end of the text.
std::optional<std::string> why_no_more(BIO* pem) {
  const bool no_more = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (no_more && BIO_eof(pem)) {
    ERR_clear_error();
    return std::nullopt;
  }
  return last_reason();
}

// A certificate may hold until the year 9999 (RFC 5280, 4.1.2.5); the clock, which counts
// nanoseconds, ends in 2262.
std::chrono::system_clock::time_point time_of(const ASN1_TIME* time) {
  using std::chrono::seconds;
  using Time = std::chrono::system_clock::time_point;
  std::tm broken_down{};
  ASN1_TIME_to_tm(time, &broken_down);
  return std::clamp(std::chrono::sys_seconds(seconds(::timegm(&broken_down))),
                    std::chrono::ceil<seconds>(Time::min()),
                    std::chrono::floor<seconds>(Time::max()));
}

int choose_protocol(SSL* /*tls*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void* spoken) {
  const std::string& ours = *static_cast<const std::string*>(spoken);
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// A context keeps the protocol that it chooses: OpenSSL keeps a pointer to it.
void delete_protocol(void* /*context*/, void* protocol, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                     long /*argument*/, void* /*pointer*/) {
  delete static_cast<std::string*>(protocol);
}

int protocol_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, delete_protocol);
  return index;
}

}  // namespace

TlsContext::TlsContext(Role role, std::shared_ptr<SSL_CTX> context)
    : role_(role), context_(std::move(context)) {}

TlsContext::Result<TlsContext> TlsContext::make(Role role, Version least) {
  std::shared_ptr<SSL_CTX> context(
      SSL_CTX_new(role == Role::accept ? TLS_server_method() : TLS_client_method()), SSL_CTX_free);
  if (!context) return last_reason();
  SSL_CTX_set_min_proto_version(context.get(),
                                least == Version::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  // Idle streams keep no buffers, and a caller may have another buffer at each write.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                         SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);  // TLS 1.3 has others than those that NO_TICKET ends
  SSL_CTX_set_read_ahead(context.get(), 1);   // a record takes one recv(2), not two
  if (role == Role::connect) SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return TlsContext(role, std::move(context));
}

TlsContext::Result<TlsContext::Validity> TlsContext::use_certificate(std::string_view chain) {
  const Bio pem = bio_of(chain);
  const Certificate own = next_certificate(pem.get());
  if (!own) return why_no_more(pem.get()).value_or("no certificate in PEM");
  if (SSL_CTX_use_certificate(context_.get(), own.get()) != 1) return last_reason();
  SSL_CTX_clear_chain_certs(context_.get());
  while (const Certificate issuer = next_certificate(pem.get()))
    if (SSL_CTX_add1_chain_cert(context_.get(), issuer.get()) != 1) return last_reason();
  if (const auto reason = why_no_more(pem.get())) return *reason;
  return Validity{time_of(X509_get0_notBefore(own.get())), time_of(X509_get0_notAfter(own.get()))};
}

TlsContext::Result<void> TlsContext::use_key(std::string_view key) {
  bool asked = false;
  const Key own(PEM_read_bio_PrivateKey(bio_of(key).get(), nullptr, no_passphrase, &asked));
  const X509* const certificate = SSL_CTX_get0_certificate(context_.get());
  if (!own) {
    const std::string reason = last_reason();
    const bool any = key.find(" PRIVATE KEY-----") != std::string_view::npos;
    return asked ? "has a passphrase" : any ? reason : "no private key in PEM";
  }
  if (certificate == nullptr || X509_check_private_key(certificate, own.get()) != 1) {
    ERR_clear_error();
    return "does not belong to the certificate";
  }
  if (SSL_CTX_use_PrivateKey(context_.get(), own.get()) != 1) return last_reason();
  return {};
}

TlsContext::Result<void> TlsContext::trust(std::string_view authorities) {
  const Bio pem = bio_of(authorities);
  std::size_t count = 0;
  for (; const Certificate authority = next_certificate(pem.get()); ++count) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority.get()) != 1)
      return last_reason();
    // Their names are sent to the clients, which choose a certificate by them.
    if (role_ == Role::accept && SSL_CTX_add_client_CA(context_.get(), authority.get()) != 1)
      return last_reason();
  }
  if (const auto reason = why_no_more(pem.get())) return *reason;
  if (count == 0) return "no certificate in PEM";
  if (role_ == Role::accept)
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

TlsContext::Result<void> TlsContext::trust_system() {
  if (SSL_CTX_set_default_verify_paths(context_.get()) != 1) return last_reason();
  return {};
}

void TlsContext::trust_everybody() {
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
}

void TlsContext::speak(std::string_view protocol) {
  assert(!protocol.empty() && protocol.size() < 256);
  // A list of one: its length stands before each name.
  auto list = std::make_unique<std::string>(1, static_cast<char>(protocol.size()));
  list->append(protocol);
  if (role_ == Role::connect) {
    SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(list->data()),
                            static_cast<unsigned int>(list->size()));
    return;
  }
  SSL_CTX_set_alpn_select_cb(context_.get(), choose_protocol, list.get());
  auto* const before =
      static_cast<std::string*>(SSL_CTX_get_ex_data(context_.get(), protocol_index()));
  if (SSL_CTX_set_ex_data(context_.get(), protocol_index(), list.get()) == 1) {
    static_cast<void>(list.release());
    delete before;
  } else {
    SSL_CTX_set_alpn_select_cb(context_.get(), nullptr, nullptr);
  }
}

}  // namespace coro
