#include "server/config/chance.hpp"

#include <random>

namespace server {
namespace {

// Nobody is protected by these numbers, so a small source does.
std::minstd_rand& random_source() {
  static std::minstd_rand source(std::random_device{}());
  return source;
}

}  // namespace

bool happens(double probability) {
  return std::bernoulli_distribution(probability)(random_source());
}

std::chrono::milliseconds drawn_from(const DurationRange& range) {
  using Count = std::chrono::milliseconds::rep;
  std::uniform_int_distribution<Count> between(range.least.count(), range.most.count());
  return std::chrono::milliseconds(between(random_source()));
}

}  // namespace server
