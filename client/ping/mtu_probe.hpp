#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/ping/mtu_report.hpp"
#include "client/ping/mtu_search.hpp"
#include "client/ping/ping_program.hpp"
#include "client/udp/datagram_socket.hpp"

namespace client {

/// Looks for the largest datagram that the server sends back, with DF set on the way there. A size
/// counts as lost if none of a few datagrams comes back, the last within --wait.
class MtuProbe : public PingProgram {
 public:
  MtuProbe(coro::Scheduler& scheduler, const Options& options);

  int exit_status() const override;

 private:
  struct Sent {
    std::size_t size = 0;
    coro::Clock::time_point at;
  };

  bool open(coro::Yield yield) override;
  void close() override {}
  void send_all(coro::Yield yield) override;
  std::string summary() const override;

  MtuProbed probe(std::size_t size, coro::Yield yield);
  std::optional<MtuProbed> try_once(std::size_t size, coro::Clock::duration wait,
                                    coro::Yield yield);
  std::optional<MtuProbed> took(const DatagramSocket::Received& received, std::size_t size);
  std::optional<MtuProbed> took_error(const DatagramSocket::Received& received, std::size_t size);
  std::optional<MtuProbed> took_datagram(std::size_t bytes, std::size_t size);
  const Sent* sent_of(std::size_t bytes) const;
  void fail(coro::error_code error);

  std::unique_ptr<DatagramSocket> socket_;
  std::vector<std::byte> buffer_;
  std::uint32_t tag_;
  std::vector<Sent> sent_;  // the first has number 1
  MtuResult result_;
  coro::Clock::time_point started_ = coro::Clock::now();
  coro::error_code last_error_;
};

}  // namespace client
