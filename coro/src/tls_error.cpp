#include "coro/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

#include <boost/system/error_category.hpp>
#include <string>
#include <string_view>

namespace coro {
namespace {

// NOLINTBEGIN(cppcoreguidelines-virtual-class-destructor): they are final, and never deleted
class OwnCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "coro.tls"; }
  std::string message(int value) const override {
    switch (static_cast<TlsError>(value)) {
      case TlsError::truncated:
        return "the connection ended without close_notify";
      case TlsError::left_out:
        return "built without TLS";
      case TlsError::unread:
        return "the other end reads no answers";
      case TlsError::new_keys:
        return "the other end changes its keys too often";
    }
    return "unknown error";
  }
};

class ProtocolCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int value) const override;
};

class CertificateCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "certificate"; }
  std::string message(int value) const override;
};
// NOLINTEND(cppcoreguidelines-virtual-class-destructor)

std::string ProtocolCategory::message(int value) const {
  const auto code = static_cast<unsigned long>(static_cast<unsigned int>(value));
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    switch (ERR_GET_REASON(code)) {
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_UNEXPECTED_MESSAGE:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "the other end does not speak TLS";
      case SSL_R_HTTP_REQUEST:
      case SSL_R_HTTPS_PROXY_REQUEST:
        return "the other end sends HTTP without TLS";
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_VERSION_TOO_LOW:
        return "no protocol version in common";
      case SSL_R_NO_SHARED_CIPHER:
        return "no cipher in common";
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return "certificate: none was sent";
      default:
        break;
    }
  }
  const char* const reason = ERR_reason_error_string(code);
  if (reason == nullptr) return "error " + std::to_string(code) + " of OpenSSL";
  // "tlsv1 alert unknown ca", "sslv3 alert bad certificate": these are the other end's words.
  const std::string_view text = reason;
  constexpr std::string_view alert = " alert ";
  const std::size_t found = text.find(alert);
  if (found == std::string_view::npos) return std::string(text);
  return "the other end reports: " + std::string(text.substr(found + alert.size()));
}

std::string CertificateCategory::message(int value) const {
  switch (value) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "certificate: expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "certificate: not yet valid";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "certificate: unknown authority (self-signed)";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "certificate: unknown authority";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "certificate: wrong host";
    case X509_V_ERR_INVALID_PURPOSE:
      return "certificate: for another purpose";
    default:
      return std::string("certificate: ") + X509_verify_cert_error_string(value);
  }
}

}  // namespace

const boost::system::error_category& tls_category() {
  static const ProtocolCategory category;
  return category;
}

const boost::system::error_category& certificate_category() {
  static const CertificateCategory category;
  return category;
}

error_code make_error_code(TlsError error) {
  static const OwnCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace coro
