#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/ping/check.hpp"
#include "client/ping/ping_program.hpp"
#include "client/ping/ping_report.hpp"
#include "client/ping/sequence.hpp"
#include "coro/condition.hpp"
#include "coro/io.hpp"

namespace client {

/// Echoes at an interval, over TCP or UDP, up to a count. One coroutine sends, one gives up on what
/// is late; the derived class receives.
class PingRun : public PingProgram {
 public:
  using PingProgram::PingProgram;

  int exit_status() const override;

 protected:
  /// Without an interval the next echo follows at once if the way is open, and else after a pause.
  virtual bool is_open() const = 0;
  /// Sends the echo with this number, and calls sent() before the echo can come back.
  virtual void send(std::uint64_t number, coro::Yield yield) = 0;

  void sent(coro::Clock::time_point at = coro::Clock::now());
  /// Returns what the arrival of an echo of this number is, once it is counted.
  Sequence::Arrived received(std::uint64_t number);
  void mismatched(std::optional<std::uint64_t> number);
  void lose_oldest();
  /// Nothing happens if it is not under way.
  void lose(std::uint64_t number);

  PingTally& tally() { return tally_; }
  /// With what is under way, and has lasted until now.
  virtual PingTally tally_so_far() const;
  const Sequence& echoes() const { return echoes_; }

 private:
  void send_all(coro::Yield yield) override;
  void send_until_the_count(coro::Yield yield);
  coro::error_code wait_for_next(coro::Yield yield);
  bool none_under_way() const { return echoes_.under_way() == 0; }
  void give_up_on_late(coro::Yield yield);
  std::string summary() const override;
  Check check() const;

  Sequence echoes_;
  coro::Condition changed_;  // echoes_ have
  PingTally tally_;
  coro::Clock::time_point started_ = coro::Clock::now();
  coro::Clock::time_point next_;  // when the next one is due, with an interval
};

}  // namespace client
