// Any bytes as the echoes of one run by UDP: unchanged, changed, twice, late, in any order or from
// somebody else. Each is taken for what it is, and each datagram that was sent is accounted for
// once, as back or as lost.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "client/ping/sequence.hpp"
#include "client/udp/datagrams.hpp"
#include "client/udp/sent_datagrams.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

using client::Datagrams;
using client::SentDatagrams;
using client::Sequence;
using coro::Clock;
using fuzz::Input;
using fuzz::require;

using Bytes = std::vector<std::byte>;

class Run {
 public:
  explicit Run(std::size_t size) : datagrams_(size, 0x04030201) {}

  void send() {
    states_.push_back(State::under_way);
    ++under_way_;
    require(sent_.next() == latest(), "the numbers have no gap");
    sent_.sent(due(latest()), now_);
    require(sequence_.sent(now_) == latest(), "the numbers have no gap");
  }

  // The echo of one that was sent, as it left or with a change.
  void receive_echo(Input& input) {
    if (latest() == 0) return;
    const std::uint64_t number = 1 + input.number() % latest();
    Bytes bytes = datagrams_.payload(number);
    const std::uint8_t change = input.byte();
    if (!bytes.empty()) bytes[input.byte() % bytes.size()] ^= std::byte{change};
    const auto recognised = receive(bytes);
    if (change != 0 && !bytes.empty()) return;
    require(recognised.kind == Datagrams::Kind::echo, "what is unchanged is an echo");
    const bool has_number = datagrams_.size() >= 4;
    require(!has_number || recognised.number == number, "an echo has its number");
  }

  void receive_any(Input& input) {
    Bytes bytes(input.byte());
    std::ranges::generate(bytes, [&] { return std::byte{input.byte()}; });
    receive(bytes);
  }

  void wait(std::chrono::milliseconds time) {
    now_ += time;
    require(sent_.has_expired(now_) == is_expired(), "what takes too long is lost");
    while (const auto oldest = sequence_.oldest()) {
      if (now_ - oldest->at <= patience) break;
      sequence_.lose_oldest();
    }
    sent_.expire(now_, [this](Clock::time_point due) { lose(due); });
    check_counts();
  }

  void end() {
    sent_.expire_all([this](Clock::time_point due) { lose(due); });
    require(under_way_ == 0, "each is back or lost");
    require(sent_.under_way() == 0 && sent_.in_window() == 0, "none is left");
  }

 private:
  enum class State { under_way, back, lost };
  static constexpr auto patience = std::chrono::seconds(1);

  std::uint64_t latest() const { return states_.size(); }
  State& state(std::uint64_t number) { return states_[number - 1]; }

  // It stands for the number.
  static Clock::time_point due(std::uint64_t number) {
    return Clock::time_point(std::chrono::nanoseconds(number));
  }

  bool is_expired() const {
    const auto oldest = sequence_.oldest();
    return oldest && now_ - oldest->at > patience;
  }

  void lose(Clock::time_point due) {
    const auto number = static_cast<std::uint64_t>(due.time_since_epoch().count());
    require(state(number) == State::under_way, "what is back or lost is not lost again");
    settle(number, State::lost);
  }

  void settle(std::uint64_t number, State settled) {
    state(number) = settled;
    --under_way_;
  }

  Datagrams::Recognised receive(const Bytes& bytes) {
    using enum Datagrams::Kind;
    const auto recognised = datagrams_.recognise(bytes, latest());
    const auto number = recognised.number;
    require(!number || (1 <= *number && *number <= latest()), "such a number was sent");
    require(recognised.kind != foreign || !number, "a foreign one has no number");
    if (recognised.kind == echo) {
      require(number.has_value() || bytes.empty(), "an echo has a number");
      require(!number || datagrams_.payload(*number) == bytes, "an echo is what was sent");
      const auto header = std::span(bytes).first(std::min(bytes.size(), Datagrams::header));
      require(datagrams_.number_in(header, latest()) == number, "its beginning has the number too");
      if (number) take(*number);
    }
    check_counts();
    return recognised;
  }

  void take(std::uint64_t number) {
    const bool is_awaited = state(number) == State::under_way;
    const auto arrival = sent_.arrived(static_cast<std::uint32_t>(number), now_);
    require((arrival.kind == SentDatagrams::Arrival::Kind::echo) == is_awaited,
            "an echo is taken once");
    require(arrival.kind != SentDatagrams::Arrival::Kind::unknown, "what was sent is known");
    require(!is_awaited || arrival.due == due(number), "an echo has its time");
    const auto arrived = sequence_.arrived(number, now_);
    require((arrived.arrival == Sequence::Arrival::received) == is_awaited,
            "an echo is received once");
    require(arrived.arrival != Sequence::Arrival::unknown, "what was sent is known");
    require(arrived.reordered == arrival.reordered, "both have the same order");
    if (is_awaited) settle(number, State::back);
  }

  void check_counts() {
    require(sent_.under_way() == under_way_, "those under way are counted");
    require(sequence_.under_way() == under_way_, "those under way are counted");
    sent_.move_window(now_);
    require(sent_.in_window() <= under_way_, "the window has only some under way");
  }

  Datagrams datagrams_;
  SentDatagrams sent_{patience};
  Sequence sequence_;
  std::vector<State> states_;
  std::size_t under_way_ = 0;
  Clock::time_point now_{std::chrono::hours(1)};
};

}  // namespace

// The first byte is the size of the payloads. In what follows, each first byte is a step.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Run run(input.byte() % 64U);
  while (!input.empty()) {
    switch (input.byte() % 4U) {
      case 0:
        run.send();
        break;
      case 1:
        run.receive_echo(input);
        break;
      case 2:
        run.receive_any(input);
        break;
      default:
        run.wait(std::chrono::milliseconds(input.byte()));
    }
  }
  run.end();
  return 0;
}
