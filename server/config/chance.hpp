#pragma once

#include <chrono>

#include "server/config/config.hpp"

namespace server {

/// Whether something happens that has this probability, 0 to 1; drawn anew each time.
bool happens(double probability);

/// A time in the range, each of its milliseconds with the same probability; drawn anew each time.
std::chrono::milliseconds drawn_from(const DurationRange& range);

}  // namespace server
