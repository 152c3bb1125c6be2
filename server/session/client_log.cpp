#include "server/session/client_log.hpp"

#include <sys/socket.h>

#include <optional>
#include <utility>

#include "coro/io.hpp"
#include "server/net/peer.hpp"

namespace server {
namespace {

std::string name_of(int socket, decltype(&::getsockname) get) {
  coro::Endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (get(socket, endpoint.data(), &size) != 0) return {};
  endpoint.resize(size);
  return to_string(endpoint);
}

std::optional<PeerCredentials> credentials_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return PeerCredentials{.user = credentials.uid,
                         .process = static_cast<std::uint32_t>(credentials.pid)};
}

}  // namespace

using std::chrono::system_clock;

ClientLog::ClientLog(EventLog& log, std::uint64_t number, std::string peer,
                     std::unique_ptr<ConnectDetails> details)
    : ClientLog(log, number, std::move(peer), std::move(details), false, system_clock::now()) {}

ClientLog::ClientLog(EventLog& log, std::uint64_t number, std::string peer,
                     std::unique_ptr<ConnectDetails> details, bool introduced,
                     system_clock::time_point connected_at)
    : log_(log),
      introduced_(introduced),
      number_(number),
      peer_(std::move(peer)),
      details_(std::move(details)),
      connected_at_(connected_at) {}

void ClientLog::connected(std::string tls, bool even_a_probe) {
  if (!tls.empty() && !details_) details_ = std::make_unique<ConnectDetails>();
  if (details_) details_->tls = std::move(tls);
  if (log_.config().probes || even_a_probe) introduce();
}

void ClientLog::introduce() {
  introduced_ = true;
  static const ConnectDetails none;
  const auto details = std::exchange(details_, nullptr);
  if (!log_.logs_connect()) return;
  log_.append(ConnectEvent{.time = connected_at_,
                           .client = number_,
                           .peer = peer_,
                           .details = details ? *details : none});
}

void ClientLog::append_received(std::string_view bytes) {
  log_.append(ReceiveEvent{.time = system_clock::now(),
                           .client = number_,
                           .peer = peer_,
                           .payload = log_.payload(bytes)});
}

void ClientLog::disconnected(std::string_view reason, const SessionTotals& totals) {
  if (!introduced_) {
    // A probe, unless they are logged since a reload.
    if (!log_.config().probes) return;
    introduce();
  }
  if (log_.logs_disconnect()) {
    log_.append(DisconnectEvent{.time = system_clock::now(),
                                .client = number_,
                                .peer = peer_,
                                .reason = reason,
                                .bytes_in = totals.bytes_in,
                                .bytes_out = totals.bytes_out,
                                .duration = totals.duration});
  }
}

// Nobody asks the kernel for what is not logged.
std::unique_ptr<ConnectDetails> connect_details(const EventLog& log, int socket,
                                                std::string proxy) {
  if (!log.logs_connect()) return nullptr;
  auto details = std::make_unique<ConnectDetails>();
  details->local = name_of(socket, ::getsockname);
  details->proxy = std::move(proxy);
  if (details->local.starts_with("unix")) details->credentials = credentials_of(socket);
  return details;
}

std::string remote_name(int socket) {
  return name_of(socket, ::getpeername);
}

}  // namespace server
