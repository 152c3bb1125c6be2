#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "client/bench/bench_lane.hpp"
#include "client/bench/source_addresses.hpp"
#include "client/cli/options.hpp"
#include "client/wire/connect.hpp"
#include "coro/condition.hpp"
#include "coro/task.hpp"
#include "coro/yield.hpp"

namespace client {

/// The connections of a thread of a benchmark that do not last: connect, one echo, close, again.
class Churn {
 public:
  /// The options and the state must outlive it.
  Churn(const Options& options, const Addresses& addresses, BenchThreadState& state);

  /// Runs one of them, until the measured time is over and nothing is due any more. number: of this
  /// one among all of the benchmark.
  void run(std::uint64_t number, coro::Yield yield);
  /// The measured time is over, as the state says.
  void end() { over_.notify_all(); }
  /// Ends those that connect, which is no failure of the server's, and begins nothing more.
  void give_up_connecting();
  /// How many connect now.
  std::size_t connecting() const { return connecting_.size(); }
  /// How many messages in the measured time are due and were never begun.
  std::uint64_t never_begun() const;

 private:
  bool wait_until_due(coro::Clock::time_point intended, coro::Yield yield);
  bool connect_and_echo(std::uint64_t number, coro::Clock::time_point intended, coro::Yield yield);
  boost::system::result<std::unique_ptr<Connection>> connect_from_anywhere(std::uint64_t number,
                                                                           coro::Yield yield);

  const Options* options_;
  Addresses addresses_;  // the one that answered last is the first
  BenchThreadState* state_;
  SourceAddresses sources_;
  std::deque<std::uint64_t> next_;  // numbers of each one's next message in the schedule
  std::map<std::uint64_t, coro::Task> connecting_;  // by the number of each
  bool gave_up_ = false;
  coro::Condition over_;
};

}  // namespace client
