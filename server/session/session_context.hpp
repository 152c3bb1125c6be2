#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "coro/condition.hpp"
#include "coro/tls_context.hpp"
#include "server/admission/address_limit.hpp"
#include "server/admission/admission.hpp"
#include "server/config/config.hpp"
#include "server/log/event_log.hpp"
#include "server/log/notice.hpp"
#include "server/session/reaper.hpp"
#include "server/session/turns.hpp"
#include "server/status/statistics.hpp"

namespace server {

/// The orders of the service to a session. There is no way back.
enum class Stage {
  serving,   ///< echo
  draining,  ///< echo what has been received, then say goodbye
  aborting   ///< leave now
};

/// All that sessions share. It belongs to Sessions and outlives each of them.
struct SessionContext {
  const Config& config;  ///< its values change when the service reloads
  EventLog& log;
  Statistics& statistics;
  Reaper& reaper;              ///< ends the waits of clients that are silent for too long
  Admission& admission;        ///< access.allow, access.deny
  AddressLimit& addresses;     ///< limits.max_connections_per_ip
  Notice& refused_by_address;  ///< one line a second, however many are refused
  coro::Condition& ended;      ///< notified when a session has ended: there is room for another
  /// Every session reads into this. One is enough, since bytes stay there only until the session
  /// suspends; and since there is only one, it can be large.
  std::span<char> scratch;
  /// For handshakes from now on. None if TLS is off; after an upgrade that turns it off, clients
  /// may still come that the old program's listener has left in its queue.
  std::optional<coro::TlsContext> tls = {};
  Turns handshakes = {};  ///< one computes at a time
  Stage stage = Stage::serving;
  Stage tls_stage = Stage::serving;  ///< during an upgrade, of sessions that speak TLS
  std::size_t speak_tls = 0;         ///< sessions that do, or will
};

}  // namespace server
