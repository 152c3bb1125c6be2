#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "coro/tls_context.hpp"
#include "server/config/config.hpp"

namespace server {

/// The identity of the service for clients of TLS, as loaded from the files that the configuration
/// names.
struct TlsIdentity {
  coro::TlsContext context;
  std::string chain;  ///< the text of the certificate's file
  std::chrono::system_clock::time_point expires;
  /// Lines for the log: it works, but something should be changed.
  std::vector<std::string> warnings;
};

/// Loads certificate, key and authorities, all or nothing; none if tls.port is off, unless the
/// service has `inherited` a socket for TLS. Throws ConfigError: the program was built without TLS,
/// a file cannot be read or is not PEM, the key does not belong to the certificate, or the
/// certificate is not valid now. One that `present`, the identity in force, has already may have
/// expired, with a warning: a reload for another reason must not fail for that.
std::optional<TlsIdentity> load_tls_identity(const Config& config, bool inherited = false,
                                             const std::optional<TlsIdentity>& present = {});

}  // namespace server
