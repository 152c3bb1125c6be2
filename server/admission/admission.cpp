#include "server/admission/admission.hpp"

#include <fmt/format.h>

namespace server {

Admission::Admission(coro::Scheduler& scheduler, const Config& config, EventLog& log)
    : config_(config), refused_(scheduler, log, "not_allowed", "access: connection refused") {}

bool Admission::admits(const Peer& peer) {
  const bool admitted = !peer.address || config_.access.admits(*peer.address);
  if (!admitted) {
    refused_.happened(
        fmt::format("access: connection refused, latest from {}", peer.address->to_string()));
  }
  return admitted;
}

}  // namespace server
