#include "server/status/statistics.hpp"

#include <algorithm>

namespace server {

void Statistics::began() {
  ++accepted;
  peak = std::max(peak, ++active);
}

void Statistics::ended(Ending ending) {
  --active;
  ++endings[static_cast<std::size_t>(ending)];
}

}  // namespace server
