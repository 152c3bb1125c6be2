#include "server/udp/udp_faults.hpp"

#include <chrono>
#include <cstring>
#include <iterator>
#include <utility>

#include "server/config/chance.hpp"
#include "server/udp/datagram_batch.hpp"

namespace server {
namespace {

using TimePoint = coro::Clock::time_point;

// An answer that no other one overtakes is late, and not lost.
constexpr std::chrono::seconds longest_wait_for_the_next{1};

bool same(const SocketAddress& left, const SocketAddress& right) {
  return left.size() == right.size() && std::memcmp(&left, &right, left.size()) == 0;
}

}  // namespace

UdpFaults::UdpFaults(coro::Scheduler& scheduler, int socket, const FaultsConfig& config,
                     UdpStatistics& statistics)
    : socket_(socket),
      config_(config),
      statistics_(statistics),
      timer_(scheduler, [this] { send_due(coro::Clock::now()); }) {}

void UdpFaults::answer(const Datagram& datagram) {
  if (happens(config_.loss)) return statistics_.refused(UdpRefusal::fault);
  const TimePoint now = coro::Clock::now();
  const bool overtaken = happens(config_.reorder);
  for (int copies = happens(config_.duplicate) ? 2 : 1; copies > 0; --copies) {
    const TimePoint due = now + drawn_from(config_.delay);
    hold(datagram, overtaken ? due + longest_wait_for_the_next : due, overtaken);
  }
  send_due(now);
}

void UdpFaults::hold(const Datagram& datagram, TimePoint due, bool overtaken) {
  if (held_.size() >= most_held || bytes_held_ + datagram.payload.size() > most_bytes_held)
    return statistics_.refused(UdpRefusal::no_buffer);
  Held& held = held_
                   .emplace(due, Held{.datagram = datagram,
                                      .payload = std::string(datagram.payload),
                                      .overtaken = overtaken})
                   ->second;
  held.datagram.payload = held.payload;
  bytes_held_ += held.payload.size();
}

void UdpFaults::send_due(TimePoint now) {
  while (!held_.empty() && held_.begin()->first <= now)
    send(held_.begin());
  if (held_.empty())
    timer_.stop();
  else
    timer_.expire_at(held_.begin()->first);
}

void UdpFaults::flush() {
  send_due(TimePoint::max());
}

// The answer leaves the others before it is sent, so that send_overtaken() does not find it again.
void UdpFaults::send(Answers::iterator answer) {
  const auto taken = held_.extract(answer);
  const Held& held = taken.mapped();
  bytes_held_ -= held.payload.size();
  if (const int error = send_answer(socket_, held.datagram)) {
    statistics_.refused(refusal_by(error));
  } else {
    ++statistics_.answered;
    statistics_.bytes_sent += held.payload.size();
  }
  if (!held.overtaken) send_overtaken(held.datagram.peer);
}

void UdpFaults::send_overtaken(const SocketAddress& client) {
  for (auto other = held_.begin(); other != held_.end();) {
    const auto next = std::next(other);
    if (other->second.overtaken && same(other->second.datagram.peer, client)) send(other);
    other = next;
  }
}

}  // namespace server
