#include "client/cli/tls_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include "client/cli/values.hpp"

namespace client {
namespace {

// The store of a system has some hundred KiB.
constexpr std::size_t largest_file = std::size_t{16} << 20U;

[[noreturn]] void refuse(const std::string& option, const std::string& path,
                         const std::string& reason) {
  throw CLI::ValidationError(option, path.empty() ? reason : fmt::format("{}: {}", path, reason));
}

std::string contents(const std::string& option, const std::string& path) {
  std::string text;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::array<char, 4096> piece{};
  while (file.read(piece.data(), piece.size()), file.gcount() > 0 && text.size() <= largest_file)
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  if (errno != 0) refuse(option, path, std::generic_category().message(errno));
  if (text.size() > largest_file) refuse(option, path, "is too large");
  return text;
}

template <typename Value>
void check(const coro::TlsContext::Result<Value>& result, const std::string& option,
           const std::string& path = {}) {
  if (!result) refuse(option, path, result.error());
}

void trust(coro::TlsContext& context, const TlsOptions& options) {
  if (options.insecure) return context.trust_everybody();
  if (options.ca.empty()) return check(context.trust_system(), "--tls");
  check(context.trust(contents("--ca", options.ca)), "--ca", options.ca);
}

void identify(coro::TlsContext& context, const TlsOptions& options) {
  if (options.certificate.empty()) return;
  const auto chain = contents("--cert", options.certificate);
  check(context.use_certificate(chain), "--cert", options.certificate);
  if (options.key.empty()) return check(context.use_key(chain), "--cert", options.certificate);
  check(context.use_key(contents("--key", options.key)), "--key", options.key);
}

// Certificates have no interface (fe80::1%eth0) and no dot of the root (example.org.).
std::string certified_name(std::string_view host) {
  const auto interface = host.find('%');
  if (interface != std::string_view::npos && host.find(':') != std::string_view::npos)
    host = host.substr(0, interface);
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::string(host);
}

}  // namespace

void add_tls(CLI::App& app, TlsOptions& options) {
  add_name(app, "--ca", "FILE", options.ca,
           "Trust these authorities, not those of the system (PEM)", "a file");
  add_name(app, "--servername", "NAME", options.server_name,
           "Whom the certificate must be for, sent as SNI (HOST)", "a name or an address");
  app.add_flag("--insecure", options.insecure, "Trust any certificate")->option_text(" ");
  add_name(app, "--cert", "FILE", options.certificate,
           "The client's certificate and its issuers (PEM)", "a file");
  add_name(app, "--key", "FILE", options.key, "Its private key, if not in that file (PEM)",
           "a file");
  app.get_option("--key")->needs("--cert");
}

Tls make_tls(const TlsOptions& options, const std::string& host) {
  auto context = coro::TlsContext::make(coro::TlsContext::Role::connect);
  check(context, "--tls");
  trust(*context, options);
  identify(*context, options);
  context->speak("echo");
  return {*context, certified_name(options.server_name.empty() ? host : options.server_name)};
}

}  // namespace client
