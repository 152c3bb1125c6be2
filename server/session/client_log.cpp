#include "server/session/client_log.hpp"

#include <utility>

namespace server {

using std::chrono::system_clock;

ClientLog::ClientLog(EventLog& log, std::uint64_t number, std::string peer)
    : ClientLog(log, number, std::move(peer), false, system_clock::now()) {}

ClientLog::ClientLog(EventLog& log, std::uint64_t number, std::string peer, bool introduced,
                     system_clock::time_point connected_at)
    : log_(log),
      introduced_(introduced),
      number_(number),
      peer_(std::move(peer)),
      connected_at_(connected_at) {}

void ClientLog::connected(std::string tls, bool even_a_probe) {
  tls_ = std::move(tls);
  if (log_.config().probes || even_a_probe) introduce();
}

void ClientLog::introduce() {
  introduced_ = true;
  if (log_.logs_connect())
    log_.append(ConnectEvent{.time = connected_at_, .client = number_, .peer = peer_, .tls = tls_});
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

}  // namespace server
