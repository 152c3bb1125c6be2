#include "client/wire/failure.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/error.hpp>
#include <string_view>

#include "client/output/output.hpp"
#include "client/output/rendering.hpp"
#include "coro/tls_error.hpp"

namespace client {
namespace {

namespace error = boost::asio::error;

std::string describe(std::byte byte) {
  const auto value = std::to_integer<unsigned>(byte);
  const bool printable = value > 0x20 && value < 0x7f;
  return printable ? fmt::format("0x{:02x} '{}'", value, static_cast<char>(value))
                   : fmt::format("0x{:02x}", value);
}

// Nothing if it was not the handshake that failed.
std::optional<Failure> handshake_failure(const Target& target, error_code error) {
  const auto kind = classify(error);
  const auto name = target.name();
  switch (kind) {
    case FailureClass::certificate: {
      auto reason = error.message();
      const std::string_view prefix = "certificate: ";  // as the class
      if (reason.starts_with(prefix)) reason.erase(0, prefix.size());
      return Failure{kind, fmt::format("{}: {} is not trusted as {}: see --ca and --servername, or "
                                       "trust it all the same with --insecure",
                                       reason, name, target.tls->server_name)};
    }
    case FailureClass::handshake:
      return Failure{kind, fmt::format("{}: {}", name, error.message())};
    case FailureClass::truncated:
    case FailureClass::reset:
      return Failure{
          FailureClass::handshake,
          fmt::format("{} ended the connection: its log says why, if it speaks TLS", name)};
    case FailureClass::timeout:
      return Failure{kind, fmt::format("no answer from {}, or no handshake: check the address and "
                                       "the firewall, whether it speaks TLS, or raise --timeout",
                                       name)};
    default:
      return std::nullopt;
  }
}

// Of a Unix socket.
Failure local_connect_failure(const std::string& name, error_code error) {
  const bool is_missing = error == boost::system::errc::no_such_file_or_directory;
  const auto kind = is_missing ? FailureClass::refused : classify(error);
  switch (kind) {
    case FailureClass::refused:
      return {kind, fmt::format("nothing listens on {} ({}): start the server, or check the path",
                                name, error.message())};
    case FailureClass::unreachable:
      return {kind, fmt::format("no way to {} ({}): check the permissions of the socket and of its "
                                "folders",
                                name, error.message())};
    case FailureClass::timeout:
      return {kind, fmt::format("no answer from {}: its queue is full, or raise --timeout", name)};
    default:
      return {kind, fmt::format("cannot connect to {}: {}", name, error.message())};
  }
}

}  // namespace

const char* name_of(FailureClass kind) {
  constexpr std::array names = {"refused",     "unreachable", "timeout",   "dns",
                                "reset",       "closed",      "truncated", "handshake",
                                "certificate", "mismatch",    "local",     "usage"};
  return names.at(static_cast<std::size_t>(kind));
}

FailureClass classify(error_code error) {
  if (error.category() == error::get_netdb_category() ||
      error.category() == error::get_addrinfo_category())
    return FailureClass::dns;
  if (error == error::connection_refused) return FailureClass::refused;
  if (error == error::host_unreachable || error == error::network_unreachable ||
      error == error::network_down || error == error::access_denied)
    return FailureClass::unreachable;
  if (error == error::timed_out) return FailureClass::timeout;
  if (error == error::connection_reset || error == error::broken_pipe ||
      error == error::connection_aborted)
    return FailureClass::reset;
  if (error == error::eof) return FailureClass::closed;
  if (error == coro::TlsError::truncated) return FailureClass::truncated;
  if (error.category() == coro::certificate_category()) return FailureClass::certificate;
  if (error.category() == coro::tls_category()) return FailureClass::handshake;
  return FailureClass::local;
}

Failure connect_failure(const Target& target, error_code error) {
  if (target.is_local()) return local_connect_failure(target.name(), error);
  if (target.tls) {
    if (auto failure = handshake_failure(target, error)) return *failure;
  }
  const auto kind = classify(error);
  const auto name = target.name();
  switch (kind) {
    case FailureClass::refused:
      return {kind,
              fmt::format("nothing listens on {}: start the server, or check the port", name)};
    case FailureClass::unreachable:
      return {kind, fmt::format("no way to {} ({}): check the address and the network", name,
                                error.message())};
    case FailureClass::timeout:
      return {kind, fmt::format("no answer from {}: check the address and the firewall, or raise "
                                "--timeout",
                                name)};
    case FailureClass::dns:
      if (error == error::host_not_found_try_again) {
        return {kind, fmt::format("no answer from the name server for {}: check the network and "
                                  "/etc/resolv.conf, or give an address",
                                  name)};
      }
      if (target.family) {
        return {kind,
                fmt::format("no {} address for {} ({}): check the spelling, or leave -4, -6 and "
                            "--source out",
                            name_of(*target.family), name, error.message())};
      }
      return {kind, fmt::format("no address for {} ({}): check the spelling, or give an address",
                                name, error.message())};
    default:
      if (error == boost::system::errc::address_not_available && target.source) {
        return {kind, fmt::format("cannot connect to {} from {} ({}): this machine has no such "
                                  "address, or no free port there",
                                  name, target.source->to_string(), error.message())};
      }
      if (error == boost::system::errc::address_not_available) {
        return {kind, fmt::format("cannot connect to {} ({}): this machine has no free port, or no "
                                  "address of that kind",
                                  name, error.message())};
      }
      if (error == boost::system::errc::invalid_argument) {
        return {kind, fmt::format("cannot connect to {} ({}): a link-local address needs its "
                                  "interface too, as in fe80::1%eth0",
                                  name, error.message())};
      }
      return {kind, fmt::format("cannot connect to {}: {}", name, error.message())};
  }
}

Failure transfer_failure(const Target& target, error_code error, std::uint64_t missing) {
  const auto kind = classify(error);
  const auto rest =
      missing == 0 ? std::string() : fmt::format(", {} bytes did not come back", missing);
  switch (kind) {
    case FailureClass::timeout:
      return {kind, fmt::format("no progress from {}{}: raise --timeout if it is only slow",
                                target.name(), rest)};
    case FailureClass::reset:
      return {kind,
              fmt::format("{} broke the connection off{}: its log says why", target.name(), rest)};
    case FailureClass::closed:
      return {kind,
              fmt::format("{} closed the connection{}: its log says why", target.name(), rest)};
    case FailureClass::truncated:
      return {kind, fmt::format("{} ended the connection without close_notify{}: something on the "
                                "way may have cut it off",
                                target.name(), rest)};
    default:
      return {kind, fmt::format("{}: {}{}", target.name(), error.message(), rest)};
  }
}

Failure datagram_failure(const Target& target, error_code error) {
  if (classify(error) != FailureClass::local) return connect_failure(target, error);
  return {FailureClass::local,
          fmt::format("cannot send a datagram to {}: {}", target.name(), error.message())};
}

Failure mismatch_failure(const Target& target, const Mismatch& mismatch) {
  const auto expected = mismatch.expected ? describe(*mismatch.expected) : "nothing";
  return {
      FailureClass::mismatch,
      fmt::format("at offset {}: expected {}, got {}: {} is no echo service, or something on the "
                  "way changes bytes",
                  mismatch.offset, expected, describe(mismatch.got), target.name())};
}

Failure local_failure(const std::string& what, error_code error) {
  return {FailureClass::local, fmt::format("{}: {}", what, error.message())};
}

std::string text_of(const Failure& failure) {
  return fmt::format("coroecho-client: {}: {}", name_of(failure.kind), escaped(failure.text));
}

void report(const Failure& failure) {
  print_error(text_of(failure) + '\n');
}

}  // namespace client
