#pragma once

#include <string>

#include "client/wire/target.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library has that name
class App;
}

namespace client {

/// The options of --tls, as they were given.
struct TlsOptions {
  bool used = false;        ///< --tls
  std::string ca;           ///< a file in PEM; "": the authorities that the system trusts
  std::string server_name;  ///< "": the host of the target
  bool insecure = false;
  std::string certificate;  ///< a file in PEM; "": none
  std::string key;          ///< a file in PEM; "": that of the certificate
};

void add_tls(CLI::App& app, TlsOptions& options);

/// Reads the files that they name. Throws CLI::ValidationError, which names the option.
Tls make_tls(const TlsOptions& options, const std::string& host);

}  // namespace client
