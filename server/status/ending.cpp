#include "server/status/ending.hpp"

#include <algorithm>

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

std::string identifier(Ending ending) {
  std::string name(to_string(ending));
  std::ranges::replace(name, ' ', '_');
  return name;
}

bool is_refusal(Ending ending) {
  return ending == Ending::limit || ending == Ending::proxy_header;
}

}  // namespace server
