#pragma once

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
  bool is_open() const override { return link_.is_open(); }
  void close() override { link_.close(); }
  void send(std::uint64_t number, coro::Yield yield) override;

  void returned(std::uint64_t number, const Exchange::Reply& reply);
  void link_lost(const Failure& failure);

  Link link_;
  bool connected_once_ = false;
};

}  // namespace client
