#include "server/tls/identity.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "coro/descriptor.hpp"
#include "coro/error.hpp"
#include "server/config/config_error.hpp"

namespace server {
namespace {

using std::chrono::system_clock;

// The public certificates that systems trust have a quarter of that together.
constexpr std::size_t most_bytes = std::size_t{1024} * 1024;

// One of the files, for messages: "FILE:LINE: key 'tls.key': /etc/key.pem: REASON".
struct Source {
  std::string origin;
  std::string path;

  [[noreturn]] void fail(const std::string& reason) const {
    throw ConfigError(origin + ": " + about(reason));
  }
  std::string about(const std::string& reason) const { return escaped(path) + ": " + reason; }
};

struct File {
  std::string text;
  mode_t mode = 0;
};

// Without waiting: the path may be a pipe that nobody writes to.
File read(const Source& source) {
  const coro::Descriptor file(
      ::open(source.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) source.fail("cannot open: " + coro::last_error().message());
  struct stat status {};
  if (::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
    source.fail("is not a file");
  File content{.text = {}, .mode = status.st_mode};
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t size = ::read(file.number(), piece.data(), piece.size());
    if (size == 0) return content;
    if (size < 0) source.fail("cannot read: " + coro::last_error().message());
    content.text.append(piece.data(), static_cast<std::size_t>(size));
    if (content.text.size() > most_bytes) source.fail("is larger than 1 MiB");
  }
}

std::string date(system_clock::time_point time) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(system_clock::to_time_t(time)));
}

// Returns a warning, or "".
std::string check_validity(const Source& source, const coro::TlsContext::Validity& validity,
                           bool is_in_force) {
  const auto now = system_clock::now();
  if (now >= validity.from && now < validity.until) return {};
  const std::string reason = now < validity.from
                                 ? "the certificate is not valid before " + date(validity.from)
                                 : "the certificate has expired, " + date(validity.until);
  if (!is_in_force) source.fail(reason);  // the clock may have been set since
  return source.origin + ": " + source.about(reason + ", and clients refuse it");
}

Source required(const Config& config, const std::string& key, const std::string& path) {
  if (path.empty())
    throw ConfigError(config.origins.where(config.tls.port ? "tls.port" : key) + ": TLS needs " +
                      key + ", which is not set");
  return {config.origins.where(key), path};
}

}  // namespace

std::optional<TlsIdentity> load_tls_identity(const Config& config, bool inherited,
                                             const std::optional<TlsIdentity>& present) {
  const TlsConfig& tls = config.tls;
  if (!tls.port && !inherited) return std::nullopt;
  const std::string origin = config.origins.where("tls.port");
  // Binding would fail too, but its message would name neither key.
  if (tls.port && *tls.port != 0 && *tls.port == config.port)
    throw ConfigError(origin + ": port " + std::to_string(config.port) + " is that of plain TCP");
  auto context = coro::TlsContext::make(coro::TlsContext::Role::accept,
                                        tls.min_version == TlsConfig::Version::tls_1_3
                                            ? coro::TlsContext::Version::tls_1_3
                                            : coro::TlsContext::Version::tls_1_2);
  if (!context) throw ConfigError(origin + ": no TLS: this program was " + context.error());

  const Source certificate = required(config, "tls.certificate", tls.certificate);
  const Source key = required(config, "tls.key", tls.key);
  std::string chain = read(certificate).text;
  const auto validity = context->use_certificate(chain);
  if (!validity) certificate.fail(validity.error());
  const File secret = read(key);
  if (const auto used = context->use_key(secret.text); !used) key.fail(used.error());
  const bool is_in_force = present && present->chain == chain;
  const std::string warning = check_validity(certificate, *validity, is_in_force);
  if (!tls.client_ca.empty()) {
    const Source authorities{config.origins.where("tls.client_ca"), tls.client_ca};
    if (const auto used = context->trust(read(authorities).text); !used)
      authorities.fail(used.error());
  }
  context->speak("echo");  // ALPN, for clients that demand an answer
  TlsIdentity identity{
      .context = *context, .chain = std::move(chain), .expires = validity->until, .warnings = {}};
  if (!warning.empty()) identity.warnings.push_back(warning);
  if ((secret.mode & S_IRWXO) != 0) {
    const auto mode = secret.mode & 07777U;
    identity.warnings.push_back(
        key.origin + ": " +
        key.about(
            fmt::format("every user may read or change the key (mode {:04o}); chmod o= it", mode)));
  }
  return identity;
}

}  // namespace server
