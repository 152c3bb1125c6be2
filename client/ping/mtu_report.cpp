#include "client/ping/mtu_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "client/output/units.hpp"

namespace client {
namespace {

using nlohmann::ordered_json;
using Outcome = MtuProbed::Outcome;

std::string outcome_text(const MtuProbed& probed) {
  if (probed.outcome == Outcome::passed) return "passed in " + time_text(probed.round_trip);
  if (probed.outcome == Outcome::lost) return "no echo";
  if (probed.came_back_with) return fmt::format("came back as {} bytes", *probed.came_back_with);
  if (!probed.router) return "too large for the interface";
  return fmt::format("refused by {}{}", probed.router->to_string(),
                     probed.mtu == 0 ? "" : fmt::format(", whose next link has {}", probed.mtu));
}

const char* name_of(Outcome outcome) {
  return outcome == Outcome::passed ? "passed" : outcome == Outcome::lost ? "lost" : "too_large";
}

}  // namespace

std::string mtu_started_line(const std::string& peer, bool json) {
  if (!json) return "looking for the largest datagram that passes to " + peer + " and back";
  return json_text({{"event", "started"}, {"peer", peer}});
}

std::string mtu_probed_line(std::size_t size, const MtuProbed& probed, bool json) {
  if (!json) return fmt::format("{} bytes: {}", size, outcome_text(probed));
  ordered_json object{{"event", "probe"}, {"bytes", size}, {"outcome", name_of(probed.outcome)}};
  if (probed.outcome == Outcome::passed) object["time_ms"] = milliseconds(probed.round_trip);
  if (probed.came_back_with) object["came_back_with"] = *probed.came_back_with;
  if (probed.router) object["from"] = probed.router->to_string();
  if (probed.mtu != 0) object["mtu"] = probed.mtu;
  return json_text(object);
}

std::string mtu_summary(const Target& target, const MtuResult& result, bool json) {
  if (json) {
    ordered_json object{{"event", "summary"}, {"target", target.name()}};
    object["largest"] = result.largest ? ordered_json(*result.largest) : nullptr;
    object["mtu"] = result.largest ? ordered_json(*result.largest + result.headers) : nullptr;
    object["complete"] = result.complete;
    object["sent"] = result.sent;
    object["received"] = result.received;
    object["elapsed_ms"] = milliseconds(result.elapsed);
    return json_text(object);
  }
  auto text = fmt::format("--- {} MTU ---\n{} sent, {} received, time {}\n", target.name(),
                          result.sent, result.received, time_text(result.elapsed));
  if (!result.largest) return text + "no datagram came back";
  text += fmt::format("largest datagram {} bytes, MTU {}", *result.largest,
                      *result.largest + result.headers);
  return result.complete ? text : text + " or more: the search was ended early";
}

}  // namespace client
