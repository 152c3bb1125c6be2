#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "tests/certificates.hpp"
#include "tests/service/file_descriptor.hpp"

namespace service {

// An echo service with TLS, on a thread of its own.
class TlsEcho {
 public:
  struct Options {
    tests::Identity identity = tests::make_identity();
    std::string client_ca = {};  // PEM; "": clients need no certificate
    bool says_end = true;        // by close_notify; without it the connection is only closed
  };

  explicit TlsEcho(Options options);
  TlsEcho() : TlsEcho(Options{}) {}
  // Every client must have ended.
  ~TlsEcho();
  TlsEcho(const TlsEcho&) = delete;
  TlsEcho& operator=(const TlsEcho&) = delete;
  TlsEcho(TlsEcho&&) = delete;
  TlsEcho& operator=(TlsEcho&&) = delete;

  std::uint16_t port() const { return port_; }
  // PEM.
  const std::string& certificate() const { return options_.identity.certificate; }

 private:
  void serve() const;

  Options options_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace service
