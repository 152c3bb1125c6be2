#include "server/ending.hpp"

namespace server {

std::string_view to_string(Ending ending) {
  switch (ending) {
    case Ending::closed_by_client:
      return "closed by client";
    case Ending::reset_by_client:
      return "reset by client";
    case Ending::connection_lost:
      return "connection lost";
    case Ending::idle_timeout:
      return "idle timeout";
    case Ending::write_timeout:
      return "write timeout";
    case Ending::shutdown:
      return "shutdown";
    case Ending::limit:
      return "limit";
    case Ending::proxy_header:
      return "proxy header";
    case Ending::fault:
      return "fault";
    case Ending::failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace server
