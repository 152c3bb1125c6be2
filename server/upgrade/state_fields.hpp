#pragma once

#include <string>
#include <string_view>

#include "coro/scheduler.hpp"
#include "program/histogram.hpp"
#include "server/accept/listener_state.hpp"
#include "server/log/log_state.hpp"
#include "server/process/service_environment.hpp"
#include "server/session/session_state.hpp"
#include "server/status/statistics.hpp"
#include "server/upgrade/state.hpp"

/// The names of the fields as a state is written. A name never gets another meaning; a field may be
/// added where a program that ignores it is still right, and otherwise state_version grows.
namespace server {

/// Chooses an overload of fields().
template <typename T>
struct Type {};

template <typename Visit>
void fields(Type<State>, Visit& visit) {
  visit("sessions", &State::sessions);
  visit("listeners", &State::listeners);
  visit("udp_sockets", &State::udp_sockets);
  visit("admin", &State::admin);
  visit("environment", &State::environment);
  visit("pid_file", &State::pid_file);
  visit("last_number", &State::last_number);
  visit("statistics", &State::statistics);
  visit("lag", &State::lag);
  visit("coroutines", &State::coroutines);
  visit("log", &State::log);
  visit("reload_asked", &State::reload_asked);
  visit("upgrade_asked", &State::upgrade_asked);
}

template <typename Visit>
void fields(Type<SessionState>, Visit& visit) {
  visit("socket", &SessionState::socket);
  visit("number", &SessionState::number);
  visit("peer", &SessionState::peer);
  visit("connected", &SessionState::connected);
  visit("greeting", &SessionState::greeting);
  visit("introduced", &SessionState::introduced);
  visit("connected_at", &SessionState::connected_at);
  visit("totals", &SessionState::totals);
  visit("silent_since", &SessionState::silent_since);
  visit.in_bulk("unsent", &SessionState::unsent);
  visit("held_back", &SessionState::held_back);
  visit("delivery", &SessionState::delivery);
  visit("ending", &SessionState::ending);
  visit("detail", &SessionState::detail);
  visit("goodbye_until", &SessionState::goodbye_until);
  visit("faults", &SessionState::faults);
}

template <typename Visit>
void fields(Type<Peer>, Visit& visit) {
  visit("name", &Peer::name);
  visit("address", &Peer::address);
}

template <typename Visit>
void fields(Type<SessionTotals>, Visit& visit) {
  visit("in", &SessionTotals::bytes_in);
  visit("out", &SessionTotals::bytes_out);
  visit("duration", &SessionTotals::duration);
}

template <typename Visit>
void fields(Type<DeliveryState>, Visit& visit) {
  visit("arrived", &DeliveryState::arrived);
  visit("without_progress", &DeliveryState::without_progress);
}

template <typename Visit>
void fields(Type<FaultsState>, Visit& visit) {
  visit("config", &FaultsState::config);
  visit("resets", &FaultsState::resets);
  visit("life_left", &FaultsState::life_left);
}

template <typename Visit>
void fields(Type<FaultsConfig>, Visit& visit) {
  visit("delay", &FaultsConfig::delay);
  visit("rate", &FaultsConfig::rate);
  visit("close_after", &FaultsConfig::close_after);
  visit("reset_probability", &FaultsConfig::reset_probability);
  visit("loss", &FaultsConfig::loss);
  visit("duplicate", &FaultsConfig::duplicate);
  visit("reorder", &FaultsConfig::reorder);
}

template <typename Visit>
void fields(Type<DurationRange>, Visit& visit) {
  visit("least", &DurationRange::least);
  visit("most", &DurationRange::most);
}

template <typename Visit>
void fields(Type<CloseAfter>, Visit& visit) {
  visit("bytes", &CloseAfter::bytes);
  visit("time", &CloseAfter::time);
}

template <typename Visit>
void fields(Type<ListenerState>, Visit& visit) {
  visit("socket", &ListenerState::socket);
  visit("asked", &ListenerState::asked);
  visit("inherited", &ListenerState::inherited);
  visit("file", &ListenerState::file);
  visit("path", &ListenerState::path);
  visit("mode", &ListenerState::mode);
  visit("accepted", &ListenerState::accepted);
}

template <typename Visit>
void fields(Type<ListenAddress>, Visit& visit) {
  visit("endpoint", &ListenAddress::endpoint);
  visit("optional", &ListenAddress::optional);
  visit("dual_stack", &ListenAddress::dual_stack);
  visit("transport", &ListenAddress::transport);
}

template <typename Visit>
void fields(Type<AdminState>, Visit& visit) {
  visit("socket", &AdminState::socket);
  visit("config", &AdminState::config);
  visit("inherited", &AdminState::inherited);
}

template <typename Visit>
void fields(Type<AdminConfig>, Visit& visit) {
  visit("host", &AdminConfig::host);
  visit("port", &AdminConfig::port);
}

template <typename Visit>
void fields(Type<ServiceEnvironment>, Visit& visit) {
  visit("notify_socket", &ServiceEnvironment::notify_socket);
  visit("watchdog", &ServiceEnvironment::watchdog);
  visit("descriptors", &ServiceEnvironment::descriptors);
}

template <typename Visit>
void fields(Type<InheritedDescriptor>, Visit& visit) {
  visit("number", &InheritedDescriptor::number);
  visit("name", &InheritedDescriptor::name);
}

template <typename Visit>
void fields(Type<Statistics>, Visit& visit) {
  visit("started", &Statistics::started);
  visit("accepted", &Statistics::accepted);
  visit("active", &Statistics::active);
  visit("peak", &Statistics::peak);
  visit.template counts<Ending>("endings", &Statistics::endings);
  visit("bytes_received", &Statistics::bytes_received);
  visit("bytes_sent", &Statistics::bytes_sent);
  visit("reads", &Statistics::reads);
  visit("udp", &Statistics::udp);
  visit("handshakes", &Statistics::handshakes);
  visit("failed_handshakes", &Statistics::failed_handshakes);
  visit("timed_out_handshakes", &Statistics::timed_out_handshakes);
  visit("accept_pauses", &Statistics::accept_pauses);
  visit("full_waits", &Statistics::full_waits);
  visit("accept_rate_waits", &Statistics::accept_rate_waits);
  visit("reloads", &Statistics::reloads);
  visit("failed_reloads", &Statistics::failed_reloads);
  visit("upgrades", &Statistics::upgrades);
  visit("failed_upgrades", &Statistics::failed_upgrades);
}

template <typename Visit>
void fields(Type<UdpStatistics>, Visit& visit) {
  visit("received", &UdpStatistics::received);
  visit("answered", &UdpStatistics::answered);
  visit("bytes_received", &UdpStatistics::bytes_received);
  visit("bytes_sent", &UdpStatistics::bytes_sent);
  visit.template counts<UdpRefusal>("refusals", &UdpStatistics::refusals);
}

template <typename Visit>
void fields(Type<program::Histogram::Snapshot>, Visit& visit) {
  using Snapshot = program::Histogram::Snapshot;
  visit("counts", &Snapshot::counts);
  visit("min", &Snapshot::min);
  visit("max", &Snapshot::max);
  visit("sum", &Snapshot::sum);
  visit("sum_of_squares", &Snapshot::sum_of_squares);
}

template <typename Visit>
void fields(Type<coro::Scheduler::Counters>, Visit& visit) {
  using Counters = coro::Scheduler::Counters;
  visit("alive", &Counters::alive);
  visit("peak", &Counters::peak);
  visit("spawned", &Counters::spawned);
  visit("failed", &Counters::failed);
  visit("stacks", &Counters::stacks);
}

template <typename Visit>
void fields(Type<LogState>, Visit& visit) {
  visit.in_bulk("lines", &LogState::lines);
  visit("begun", &LogState::begun);
  visit("destination", &LogState::destination);
  visit("unreported", &LogState::unreported);
  visit("dropped", &LogState::dropped);
}

/// A visitor of no fields, by which Described asks whether a type has some.
struct NoVisit {
  void operator()(const char*, auto) {}
  void in_bulk(const char*, auto) {}
  template <typename Name>
  void counts(const char*, auto) {}
};

template <typename T>
concept Described = requires(NoVisit visit) {
  fields(Type<T>(), visit);
};

}  // namespace server
