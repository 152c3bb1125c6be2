#include "tests/service/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "tests/service/patience.hpp"

namespace service {
namespace {

[[noreturn]] void fail(const std::string& what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  throw std::runtime_error(what + ": " + (reason != nullptr ? reason : "connection ended"));
}

void use(SSL* tls, const tests::Identity& identity) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate(
      BIO_new_mem_buf(identity.certificate.data(), -1), BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key(BIO_new_mem_buf(identity.key.data(), -1),
                                                      BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(
      PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> secret(
      PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (SSL_use_certificate(tls, x509.get()) != 1 || SSL_use_PrivateKey(tls, secret.get()) != 1)
    fail("certificate");
}

}  // namespace

void TlsClient::Free::operator()(SSL* tls) const {
  SSL_free(tls);
}

TlsClient::TlsClient(SocketClient socket, const Options& options) : socket_(std::move(socket)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes by write(2)
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  if (options.newest != 0) {
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), options.newest);
  }
  tls_.reset(SSL_new(context.get()));
  if (options.identity != nullptr) use(tls_.get(), *options.identity);
  if (!options.server_name.empty()) {
    std::string name = options.server_name;
    SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  if (!options.protocol.empty()) {
    const std::string list = static_cast<char>(options.protocol.size()) + options.protocol;
    SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned int>(list.size()));
  }
  SSL_set_block_padding(tls_.get(), options.padding);
  SSL_set_fd(tls_.get(), socket_.descriptor());
  if (options.meanwhile != nullptr) {
    const auto trust_everybody = [](X509_STORE_CTX* /*certificates*/, void* meanwhile) {
      (*static_cast<std::function<void()>*>(meanwhile))();
      return 1;
    };
    SSL_CTX_set_cert_verify_callback(context.get(), trust_everybody, options.meanwhile);
  }
  if (options.within_hello != nullptr) say_hello_in_two(*options.within_hello);
  for (int result = 0; (result = SSL_connect(tls_.get())) != 1;)
    wait(result);
}

void TlsClient::say_hello_in_two(const std::function<void()>& between) {
  BIO* const memory = BIO_new(BIO_s_mem());
  SSL_set_bio(tls_.get(), BIO_new(BIO_s_mem()), memory);
  SSL_connect(tls_.get());  // there is no answer yet
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(memory, &bytes);
  const std::string hello(bytes, static_cast<std::size_t>(size));
  socket_.send(hello.substr(0, hello.size() / 2));
  between();
  socket_.send(hello.substr(hello.size() / 2));
  SSL_set_fd(tls_.get(), socket_.descriptor());
}

// Waits for what the last call has missed.
void TlsClient::wait(int result) {
  const int error = SSL_get_error(tls_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail("TLS");
  pollfd socket{socket_.descriptor(),
                static_cast<short>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
  if (::poll(&socket, 1, milliseconds_until(Clock::now() + patience)) != 1)
    throw std::runtime_error("TLS: time is up");
}

void TlsClient::send(std::string_view bytes) {
  for (std::size_t sent = 0; !bytes.empty(); bytes.remove_prefix(std::exchange(sent, 0)))
    if (const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent); result != 1)
      wait(result);
}

std::string TlsClient::receive(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t filled = 0, got = 0; filled < size; filled += std::exchange(got, 0))
    if (const int result = SSL_read_ex(tls_.get(), bytes.data() + filled, size - filled, &got);
        result != 1)
      wait(result);
  return bytes;
}

std::string TlsClient::echo(std::string_view bytes) {
  send(bytes);
  return receive(bytes.size());
}

void TlsClient::change_keys() {
  if (SSL_key_update(tls_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) != 1) fail("new keys");
  for (int result = 0; (result = SSL_do_handshake(tls_.get())) != 1;)
    wait(result);
}

std::string TlsClient::exchange(std::string_view bytes) {
  return exchange_some(bytes, true);
}

std::string TlsClient::exchange_some(std::string_view bytes, bool finish) {
  SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  std::string received;
  std::array<char, 16384> piece{};
  for (;;) {
    bool idle = true;
    std::size_t size = 0;
    if (!bytes.empty() && SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &size) == 1) {
      bytes.remove_prefix(size);
      idle = false;
    }
    if (bytes.empty() && std::exchange(finish, false)) SSL_shutdown(tls_.get());
    const int result = SSL_read_ex(tls_.get(), piece.data(), piece.size(), &size);
    if (result == 1) {
      received.append(piece.data(), size);
      continue;
    }
    const int error = SSL_get_error(tls_.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) return received;
    if (error != SSL_ERROR_WANT_READ) fail("TLS");
    if (!idle) continue;
    pollfd socket{socket_.descriptor(),
                  static_cast<short>(bytes.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    if (::poll(&socket, 1, milliseconds_until(Clock::now() + patience)) != 1)
      throw std::runtime_error("TLS: time is up");
  }
}

std::string TlsClient::version() const {
  return SSL_get_version(tls_.get());
}

std::string TlsClient::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(tls_.get(), &chosen, &size);
  return {reinterpret_cast<const char*>(chosen), size};
}

std::string TlsClient::server() const {
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(tls_.get())),
                            NID_commonName, name.data(), name.size());
  return name.data();
}

}  // namespace service
