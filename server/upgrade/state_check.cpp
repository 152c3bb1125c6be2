#include "server/upgrade/state_check.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "server/upgrade/cbor_reader.hpp"
#include "server/upgrade/descriptors.hpp"

namespace server {
namespace {

void require(bool right, const std::string& otherwise) {
  if (!right) throw CborError(otherwise);
}

void require_descriptor(int number) {
  require(number >= first_inherited, std::to_string(number) + " is no descriptor of a socket");
}

bool is_share(double value) {
  return value >= 0 && value <= 1;  // NaN is not
}

bool is_sum(double value) {
  return std::isfinite(value) && value >= 0;
}

}  // namespace

void check(const SessionState& session) {
  require_descriptor(session.socket);
}

void check(const DeliveryState& delivery) {
  require(delivery.without_progress >= 0, "the number of looks is out of range");
}

void check(const ListenerState& listener) {
  require_descriptor(listener.socket);
  for (const int optional : {listener.file, listener.accepted})
    if (optional != -1) require_descriptor(optional);
}

void check(const AdminState& admin) {
  require_descriptor(admin.socket);
}

// A log that contradicts itself is no reason to end connections.
void check(LogState& log) {
  log.begun = std::min<std::uint64_t>(log.begun, log.lines.size());
}

void check(const InheritedDescriptor& descriptor) {
  require_descriptor(descriptor.number);
}

void check(const ServiceEnvironment& environment) {
  require(environment.watchdog.count() >= 0, "the watchdog's period is out of range");
}

void check(const FaultsConfig& faults) {
  using std::chrono::milliseconds;
  require(faults.delay.least <= faults.delay.most && faults.delay.least >= milliseconds(0),
          "the delay is out of range");
  require(faults.close_after.time >= milliseconds(0), "the time is out of range");
  require(is_share(faults.reset_probability) && is_share(faults.loss) &&
              is_share(faults.duplicate) && is_share(faults.reorder),
          "the probability is out of range");
}

void check(const program::Histogram::Snapshot& histogram) {
  require(histogram.min.count() >= 0 && histogram.min <= histogram.max && is_sum(histogram.sum) &&
              is_sum(histogram.sum_of_squares),
          "the histogram contradicts itself");
}

void check(const State& state) {
  std::vector<int> descriptors = own_descriptors(state);
  std::ranges::sort(descriptors);
  const auto twice = std::ranges::adjacent_find(descriptors);
  if (twice != descriptors.end())
    throw CborError("descriptor " + std::to_string(*twice) + " has two owners");
}

}  // namespace server
