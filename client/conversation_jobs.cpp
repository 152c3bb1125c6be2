#include "client/conversation_jobs.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

#include "client/round_trip.hpp"
#include "client/units.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr auto ping_interval = 200ms;
constexpr std::size_t ping_size = 56;
constexpr std::size_t file_piece = std::size_t{64} << 10U;

// Shared with the answers, which may come when the coroutine that sent has ended.
struct Transfer {
  std::string name;
  coro::Clock::time_point started = coro::Clock::now();
  std::uint64_t sent = 0;
  std::uint64_t back = 0;
  bool all_sent = false;
};

void say_if_complete(const Transfer& transfer, const Say& say) {
  if (!transfer.all_sent || transfer.back < transfer.sent) return;
  const auto took = coro::Clock::now() - transfer.started;
  const double rate =
      static_cast<double>(transfer.back) / std::chrono::duration<double>(took).count();
  say(fmt::format("{}: {} came back the same in {}, {}/s", transfer.name,
                  bytes_text(static_cast<double>(transfer.back)), time_text(took),
                  bytes_text(rate)));
}

}  // namespace

void send_pings(Link& link, std::size_t count, Histogram& round_trips, const Say& say,
                coro::Yield yield) {
  const auto times = std::make_shared<Histogram>();
  for (std::size_t number = 1; number <= count; ++number) {
    if (number > 1 && coro::sleep_for(yield, ping_interval)) break;
    const auto answer = [=, &round_trips](const Exchange::Reply& reply) {
      times->record(reply.round_trip);
      round_trips.record(reply.round_trip);
      say(fmt::format("echo {} of {}: {} bytes in {}", number, count, reply.bytes.size(),
                      time_text(reply.round_trip)));
      if (number == count) say(round_trip_text(*times));
    };
    if (link.send(std::string(ping_size, '.'), answer, yield)) break;
  }
}

void send_file(Link& link, const std::string& path, const Say& say, coro::Yield yield) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return say(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  std::vector<char> piece(file_piece);
  const auto transfer = std::make_shared<Transfer>();
  transfer->name = path;
  const auto answer = [=](const Exchange::Reply& reply) {
    transfer->back += reply.bytes.size();
    say_if_complete(*transfer, say);
  };
  for (;;) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto size = static_cast<std::size_t>(file.gcount());
    if (size == 0) break;
    if (link.send({piece.data(), size}, answer, yield)) {
      return say(fmt::format("{}: stopped after {}", path,
                             bytes_text(static_cast<double>(transfer->sent))));
    }
    transfer->sent += size;
  }
  if (!file.eof()) {
    return say(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  }
  transfer->all_sent = true;
  say_if_complete(*transfer, say);
}

}  // namespace client
