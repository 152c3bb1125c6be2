#pragma once

#include <chrono>
#include <string>

/// Certificates that tests make for themselves.
namespace tests {

/// A certificate and its private key, in PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

struct IdentityOptions {
  /// The common name of the subject, in UTF-8. The alternative names are localhost and 127.0.0.1.
  std::string name = "localhost";
  /// Null: the certificate is signed by its own key.
  const Identity* issuer = nullptr;
  /// From now; one that lies before now has expired.
  std::chrono::seconds expires_after{3600};
  bool rsa = false;  ///< instead of an elliptic curve
};

/// It is also good as an authority. Throws std::runtime_error.
Identity make_identity(const IdentityOptions& options = {});

}  // namespace tests
