#pragma once

#include <chrono>
#include <cstdint>

#include "client/ping/ping_run.hpp"
#include "client/wire/exchange.hpp"
#include "client/wire/link.hpp"

namespace client {

/// Echoes over a connection, which is opened again when it is lost. Echoes come back in their
/// order.
class TcpPing : public PingRun {
 public:
  TcpPing(coro::Scheduler& scheduler, const Options& options);

 private:
  bool open(coro::Yield yield) override;
  coro::Clock::duration time_to_connect() const;
  bool is_open() const override { return link_.is_open(); }
  void close() override { link_.close(); }
  void send(std::uint64_t number, coro::Yield yield) override;

  void returned(std::uint64_t number, const Exchange::Reply& reply);
  void link_lost(const Failure& failure);
  void begin_gap();
  void end_gap();
  PingTally tally_so_far() const override;

  Link link_;
  bool connected_once_ = false;
  struct {
    std::uint64_t lost_before = 0;  // echoes
    coro::Clock::time_point at;
    std::chrono::system_clock::time_point time;
  } gap_began_;  // of the one that is not over
};

}  // namespace client
