#include "client/ping/ping_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "client/output/units.hpp"

namespace client {
namespace {

using nlohmann::ordered_json;

std::string datagrams_text(const DatagramTally& tally) {
  auto text = fmt::format("\n{} duplicates, {} reordered, {} late", tally.duplicates,
                          tally.reordered, tally.late);
  if (tally.foreign > 0) text += fmt::format(", {} foreign", tally.foreign);
  if (tally.errors > 0)
    text += fmt::format(", {} error{}", tally.errors, tally.errors == 1 ? "" : "s");
  return text;
}

std::string gaps_text(const GapTally& gaps) {
  return fmt::format("\n{} gap{} without a connection, longest {}, {} in all{}", gaps.count,
                     gaps.count == 1 ? "" : "s", time_text(gaps.longest), time_text(gaps.total),
                     gaps.is_open ? ", the last one not over" : "");
}

// UTC, as in the log of coroecho.
std::string iso_time(std::chrono::system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)), milliseconds);
}

std::string summary_text(const Target& target, const PingTally& tally) {
  auto text = fmt::format(
      "--- {} echo statistics ---\n"
      "{} sent, {} received, {} mismatched, {} lost ({:.4g}% loss), time {}",
      target.name(), tally.sent, tally.received, tally.mismatched, tally.lost, tally.loss(),
      time_text(tally.elapsed));
  if (tally.under_way > 0) text += fmt::format(", {} still under way", tally.under_way);
  if (tally.datagrams) text += datagrams_text(*tally.datagrams);
  const auto& connects = tally.connect_times;
  if (!connects.empty()) {
    text += fmt::format("\nconnect {}, {} connection{}", range_text(connects), connects.count(),
                        connects.count() == 1 ? "" : "s");
  }
  if (tally.gaps.count > 0) text += gaps_text(tally.gaps);
  if (!tally.handshake_times.empty())
    text += fmt::format("\nhandshake {}", range_text(tally.handshake_times));
  if (!tally.round_trips.empty()) text += "\n" + round_trip_text(tally.round_trips);
  if (tally.datagrams && !tally.round_trips.empty())
    text += "\njitter " + time_text(tally.datagrams->jitter);
  return text;
}

std::string summary_json(const Target& target, const PingTally& tally) {
  ordered_json json{{"event", "summary"},
                    {"target", target.name()},
                    {"sent", tally.sent},
                    {"received", tally.received},
                    {"mismatched", tally.mismatched},
                    {"lost", tally.lost},
                    {"under_way", tally.under_way},
                    {"loss_percent", tally.loss()},
                    {"elapsed_ms", milliseconds(tally.elapsed)}};
  if (const auto& datagrams = tally.datagrams) {
    json["duplicates"] = datagrams->duplicates;
    json["reordered"] = datagrams->reordered;
    json["late"] = datagrams->late;
    json["foreign"] = datagrams->foreign;
    json["errors"] = datagrams->errors;
    json["jitter"] = milliseconds(datagrams->jitter);
  } else {
    json["connections"] = tally.connect_times.count();
    json["connect_ms"] = times_json(tally.connect_times);
    json["gaps"] = tally.gaps.count;
    json["longest_gap_ms"] = milliseconds(tally.gaps.longest);
    json["all_gaps_ms"] = milliseconds(tally.gaps.total);
    if (!tally.handshake_times.empty()) json["handshake_ms"] = times_json(tally.handshake_times);
  }
  json["round_trip_ms"] = times_json(tally.round_trips);
  return json_text(json);
}

}  // namespace

std::string stamped(const std::string& line, std::chrono::system_clock::time_point now, bool json) {
  const auto since_1970 =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  const auto time = fmt::format("{}.{:06}", since_1970 / 1'000'000, since_1970 % 1'000'000);
  return json ? fmt::format("{{\"time\":{},{}", time, line.substr(1))
              : fmt::format("[{}] {}", time, line);
}

double PingTally::loss() const {
  const auto settled = sent - under_way;
  return settled == 0 ? 0 : 100 * static_cast<double>(lost) / static_cast<double>(settled);
}

std::string PingReport::connected(const ConnectionFacts& facts) {
  peer_ = name_of(facts);
  if (!json_) return connected_text(facts);
  ordered_json json{
      {"event", "connected"}, {"peer", peer_}, {"connect_ms", milliseconds(facts.connect_time)}};
  if (facts.handshake_time) {
    json["handshake_ms"] = milliseconds(*facts.handshake_time);
    json["tls"] = facts.encryption;
  }
  return json_text(json);
}

std::string PingReport::gap(const Gap& gap) const {
  const auto began = iso_time(gap.began);
  if (!json_) {
    return fmt::format("reconnected after {} without a connection, since {}: {} lost",
                       time_text(gap.length), began, gap.lost);
  }
  return json_text({{"event", "gap"},
                    {"began", began},
                    {"gap_ms", milliseconds(gap.length)},
                    {"lost", gap.lost}});
}

std::string PingReport::started(const Target& peer, std::size_t size) {
  peer_ = peer.name();
  if (!json_) return fmt::format("sending {} bytes by UDP to {}", size, peer_);
  return json_text({{"event", "started"}, {"peer", peer_}, {"bytes", size}});
}

std::string PingReport::reply(std::uint64_t number, std::size_t size, std::chrono::nanoseconds time,
                              ReplyKind kind) const {
  constexpr std::array notes = {"", " (out of order)", " (too late)", " (duplicate)"};
  constexpr std::array events = {"reply", "reply", "late", "duplicate"};
  const auto index = static_cast<std::size_t>(kind);
  if (!json_) {
    return fmt::format("{} bytes from {}: seq={} time={}{}", size, peer_, number, time_text(time),
                       notes.at(index));
  }
  ordered_json json{{"event", events.at(index)},
                    {"seq", number},
                    {"bytes", size},
                    {"time_ms", milliseconds(time)}};
  if (kind == ReplyKind::reordered) json["reordered"] = true;
  return json_text(json);
}

std::string PingReport::lost(std::uint64_t number, std::chrono::nanoseconds wait) const {
  if (!json_)
    return fmt::format("no echo from {}: seq={} after {}", peer_, number, time_text(wait));
  return json_text({{"event", "lost"}, {"seq", number}, {"wait_ms", milliseconds(wait)}});
}

std::string PingReport::foreign(std::size_t size) const {
  if (!json_) return fmt::format("{} bytes from {}: no echo of this run", size, peer_);
  return json_text({{"event", "foreign"}, {"bytes", size}});
}

std::string PingReport::error(std::optional<std::uint64_t> number,
                              const DatagramSocket::Received& received) const {
  const auto from = received.reporter ? received.reporter->to_string() : "this machine";
  if (!json_) {
    return fmt::format("error from {}: seq={} {}", from, number ? std::to_string(*number) : "?",
                       received.error.message());
  }
  ordered_json json{{"event", "error"},
                    {"class", name_of(classify(received.error))},
                    {"text", received.error.message()},
                    {"from", from}};
  if (number) json["seq"] = *number;
  return json_text(json);
}

std::string PingReport::failed(const Failure& failure) const {
  if (!json_) return text_of(failure);
  return json_text(
      {{"event", "failure"}, {"class", name_of(failure.kind)}, {"text", failure.text}});
}

std::string PingReport::summary(const Target& target, const PingTally& tally) const {
  return json_ ? summary_json(target, tally) : summary_text(target, tally);
}

}  // namespace client
