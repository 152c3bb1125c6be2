#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "client/ping/ping_run.hpp"
#include "client/udp/datagram_socket.hpp"
#include "client/udp/datagrams.hpp"
#include "coro/task.hpp"

namespace client {

/// Echoes by UDP: each is a datagram, which may get lost, come twice, or overtake others.
class UdpPing : public PingRun {
 public:
  UdpPing(coro::Scheduler& scheduler, const Options& options);

 private:
  bool open(coro::Yield yield) override;
  bool is_open() const override { return !refused_; }
  void close() override;
  void send(std::uint64_t number, coro::Yield yield) override;

  void receive(coro::Yield yield);
  void took(std::size_t size);
  void took_echo(std::uint64_t number, std::size_t size);
  void took_error(const DatagramSocket::Received& received);

  void fail(std::optional<std::uint64_t> number, const DatagramSocket::Received& received);

  Datagrams datagrams_;
  std::unique_ptr<DatagramSocket> socket_;
  std::vector<std::byte> buffer_;
  coro::Task receiver_;
  coro::error_code last_error_;
  bool refused_ = false;  // the last echo
};

}  // namespace client
