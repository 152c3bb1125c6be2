#include "server/session/faults.hpp"

#include <algorithm>
#include <random>

namespace server {
namespace {

std::minstd_rand& random_source() {
  static std::minstd_rand source(std::random_device{}());
  return source;
}

std::chrono::milliseconds drawn_from(const DurationRange& range) {
  std::uniform_int_distribution<std::chrono::milliseconds::rep> between(range.least.count(),
                                                                        range.most.count());
  return std::chrono::milliseconds(between(random_source()));
}

}  // namespace

std::unique_ptr<Faults> Faults::make(const FaultsConfig& config, coro::Yield yield) {
  return config.any() ? std::make_unique<Faults>(config, yield) : nullptr;
}

Faults::Faults(const FaultsConfig& config, coro::Yield yield)
    : config_(config),
      resets_(std::bernoulli_distribution(config.reset_probability)(random_source())) {
  if (config_.close_after.time.count() > 0) life_.emplace(yield, config_.close_after.time);
}

std::size_t Faults::read_size(std::size_t size, std::uint64_t received) const {
  std::uint64_t most = size;
  // Ten steps a second look like a slow line rather than like a stalling one.
  if (config_.rate > 0) most = std::min(most, std::max<std::uint64_t>(config_.rate / 10, 1));
  if (config_.close_after.bytes > 0) most = std::min(most, config_.close_after.bytes - received);
  return static_cast<std::size_t>(most);
}

void Faults::hold_back(std::size_t bytes, coro::Yield yield) const {
  std::chrono::nanoseconds wait = drawn_from(config_.delay);
  if (config_.rate > 0)
    wait += std::chrono::nanoseconds(std::chrono::seconds(1)) * bytes / config_.rate;
  if (wait.count() > 0) static_cast<void>(coro::sleep_for(yield, wait));
}

bool Faults::closes(std::uint64_t received) const {
  if (life_ && life_->expired()) return true;
  return config_.close_after.bytes > 0 && received >= config_.close_after.bytes;
}

}  // namespace server
