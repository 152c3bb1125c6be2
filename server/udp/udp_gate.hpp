#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "coro/io.hpp"
#include "server/config/config.hpp"
#include "server/status/udp_refusal.hpp"
#include "server/udp/datagram.hpp"
#include "server/udp/source_rate.hpp"

namespace server {

/// Decides which datagrams are answered, so that the service cannot be turned against anybody.
class UdpGate {
 public:
  /// `config` may change at any time.
  explicit UdpGate(const Config& config) : config_(config) {}

  /// Why the datagram is not answered; none if it is, and then it counts for its source's rate.
  std::optional<UdpRefusal> refusal_of(const Datagram& datagram, coro::Clock::time_point now);

  /// The ports that this service receives datagrams on.
  void set_own_ports(std::vector<std::uint16_t> ports) { own_ports_ = std::move(ports); }

 private:
  // `source` is an address, or the number of an IPv4 one, which takes a third of the instructions.
  template <typename Source>
  std::optional<UdpRefusal> refusal_of(const Datagram& datagram, const Source& source,
                                       coro::Clock::time_point now);
  template <typename Source>
  bool is_allowed(const Source& source) const;
  bool is_own(const Datagram& datagram) const;

  const Config& config_;
  std::vector<std::uint16_t> own_ports_;
  SourceRate rate_;
};

}  // namespace server
