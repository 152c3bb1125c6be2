// The handshake of a TlsStream: the names of the two ends, the steps, and what they have agreed on.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/error.hpp>

#include "coro/scheduler.hpp"
#include "coro/tls_stream.hpp"
#include "detail/stream_call.hpp"

namespace coro {
namespace {

std::string text_of(const char* text) {
  return text != nullptr ? text : "";
}

std::string subject_of(const SSL* tls) {
  const X509* const certificate = SSL_get0_peer_certificate(tls);
  if (certificate == nullptr) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  if (!text) return {};
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  const char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

}  // namespace

void TlsStream::expect_server(const std::string& host) {
  X509_VERIFY_PARAM* const expected = SSL_get0_param(tls_.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1) return;
  ERR_clear_error();
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size());
  // SSL_set_tlsext_host_name() is a macro with an old cast.
  std::string name = host;
  SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

error_code TlsStream::handshake(Yield yield) {
  for (;;) {
    if (const auto result = try_handshake()) return *result;
    if (const error_code error = wait_for_handshake(yield)) return error;
  }
}

std::optional<error_code> TlsStream::try_handshake() {
  return scheduler_.on_own_stack([this] { return step_of_handshake(); });
}

std::optional<error_code> TlsStream::step_of_handshake() {
  ERR_clear_error();
  // If writing fails, the reader finds the reason in what the other end has sent, if anything.
  static_cast<void>(flush());
  if (broken_by_) return broken_by_;
  exhausted_ = false;
  may_receive_ = detail::most_in_vain(may_receive_);
  if (!agreed_ && SSL_do_handshake(tls_.get()) != 1) {
    if (waits_for_more()) return std::nullopt;
    return failure();
  }
  agreed_ = true;
  if (!outgoing_.empty()) return std::nullopt;  // the last message has not left yet
  return error_code();
}

error_code TlsStream::wait_for_handshake(Yield yield) {
  detail::StreamCall call(reading_);
  error_code error;
  if (may_receive_ == 0)
    error.assign(detail::wait_for_next_turn(yield), boost::system::system_category());
  else if (outgoing_.empty())
    error = transport_.readiness_.wait_readable(yield);
  else
    error = transport_.readiness_.wait_writable(yield);
  return call.stream_is_gone() ? boost::asio::error::operation_aborted : error;
}

TlsDetails TlsStream::details() const {
  return scheduler_.on_own_stack([this] {
    const SSL* const tls = tls_.get();
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(tls, &protocol, &size);
    return TlsDetails{.version = SSL_get_version(tls),
                      .cipher = text_of(SSL_get_cipher_name(tls)),
                      .server_name = text_of(SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name)),
                      .peer_subject = subject_of(tls),
                      .protocol = {reinterpret_cast<const char*>(protocol), size}};
  });
}

}  // namespace coro
