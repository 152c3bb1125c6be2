#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/certificates.hpp"
#include "tests/service/socket_client.hpp"

struct ssl_st;

namespace service {

// A client of OpenSSL's own, on a raw socket. It trusts everybody. Failures are exceptions:
// std::runtime_error, and those of SocketClient.
class TlsClient {
 public:
  struct Options {
    const tests::Identity* identity = nullptr;   // the certificate that it shows
    int newest = 0;                              // TLS1_1_VERSION, for example; 0 = any
    std::string server_name = {};                // SNI
    std::string protocol = {};                   // ALPN
    std::size_t padding = 0;                     // fills each record of TLS 1.3 up to a multiple
    std::function<void()>* meanwhile = nullptr;  // called when the server's certificate has come
    // Called between the two halves of its first bytes.
    std::function<void()>* within_hello = nullptr;
  };

  explicit TlsClient(SocketClient socket) : TlsClient(std::move(socket), Options{}) {}
  // Shakes hands.
  TlsClient(SocketClient socket, const Options& options);

  void send(std::string_view bytes);
  // Receives exactly so many bytes.
  std::string receive(std::size_t size);
  std::string echo(std::string_view bytes);
  // Goes on with new keys, of which one record informs the server (TLS 1.3).
  void change_keys();
  // Sends the bytes and close_notify, and receives meanwhile. Returns everything up to the server's
  // close_notify.
  std::string exchange(std::string_view bytes);
  // Receives everything up to the server's close_notify.
  std::string receive_until_end() { return exchange_some({}, false); }

  std::string version() const;
  std::string protocol() const;
  // The common name in the server's certificate.
  std::string server() const;

  SocketClient& socket() { return socket_; }

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
  };

  std::string exchange_some(std::string_view bytes, bool finish);
  void say_hello_in_two(const std::function<void()>& between);
  void wait(int result);

  SocketClient socket_;
  std::unique_ptr<ssl_st, Free> tls_;
};

}  // namespace service
