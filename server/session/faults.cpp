#include "server/session/faults.hpp"

#include <algorithm>

#include "server/config/chance.hpp"

namespace server {
namespace {

std::chrono::nanoseconds time_until(coro::Clock::time_point when) {
  return std::max(when - coro::Clock::now(), coro::Clock::duration::zero());
}

}  // namespace

std::unique_ptr<Faults> Faults::make(const FaultsConfig& config, coro::Yield yield) {
  return config.any() ? std::make_unique<Faults>(config, yield) : nullptr;
}

Faults::Faults(const FaultsConfig& config, coro::Yield yield)
    : config_(config), resets_(happens(config.reset_probability)) {
  if (config_.close_after.time.count() > 0) live_for(config_.close_after.time, yield);
}

Faults::Faults(const FaultsState& state, coro::Yield yield)
    : config_(state.config), resets_(state.resets) {
  if (state.life_left) live_for(*state.life_left, yield);
}

void Faults::live_for(std::chrono::nanoseconds time, coro::Yield yield) {
  life_ends_ = coro::from_now(time);
  life_.emplace(yield, time);
}

FaultsState Faults::state() const {
  FaultsState state{.config = config_, .resets = resets_};
  if (life_) state.life_left = time_until(life_ends_);
  return state;
}

std::size_t Faults::read_size(std::size_t size, std::uint64_t received) const {
  std::uint64_t most = size;
  // Ten steps a second look like a slow line rather than like a stalling one.
  if (config_.rate > 0) most = std::min(most, std::max<std::uint64_t>(config_.rate / 10, 1));
  if (config_.close_after.bytes > 0) most = std::min(most, config_.close_after.bytes - received);
  return static_cast<std::size_t>(most);
}

std::chrono::nanoseconds Faults::delay_of(std::size_t bytes) const {
  std::chrono::nanoseconds delay = drawn_from(config_.delay);
  if (config_.rate > 0)
    delay += std::chrono::nanoseconds(std::chrono::seconds(1)) * bytes / config_.rate;
  return delay;
}

void Faults::hold_back(std::string_view bytes, std::chrono::nanoseconds delay, coro::Yield yield) {
  if (delay.count() <= 0) return;
  held_back_ = bytes;
  held_back_until_ = coro::from_now(delay);
  static_cast<void>(coro::sleep_until(yield, held_back_until_));
  held_back_ = {};
}

std::chrono::nanoseconds Faults::held_back_for() const {
  return time_until(held_back_until_);
}

bool Faults::closes(std::uint64_t received) const {
  if (life_ && life_->expired()) return true;
  return config_.close_after.bytes > 0 && received >= config_.close_after.bytes;
}

}  // namespace server
