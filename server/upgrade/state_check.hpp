#pragma once

#include <chrono>
#include <cstdint>

#include "program/histogram.hpp"
#include "server/upgrade/state.hpp"

/// Whether a state that was read can be used. Each check throws CborError with a phrase.
namespace server {

/// 146 years: the sum of two times is no overflow.
inline constexpr std::chrono::nanoseconds longest_duration{std::int64_t{1} << 62U};

/// Most structs are right whatever their fields have.
template <typename T>
void check(const T&) {}

void check(const SessionState& session);
void check(const DeliveryState& delivery);
void check(const ListenerState& listener);
void check(const AdminState& admin);
void check(LogState& log);  ///< mends it
void check(const InheritedDescriptor& descriptor);
void check(const ServiceEnvironment& environment);
void check(const FaultsConfig& faults);
void check(const program::Histogram::Snapshot& histogram);
/// No descriptor has two owners.
void check(const State& state);

}  // namespace server
