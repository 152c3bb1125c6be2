#include "client/conversation/conversation_jobs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/result.hpp>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "client/output/rendering.hpp"
#include "client/output/units.hpp"
#include "coro/descriptor.hpp"
#include "coro/error.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr auto ping_interval = 200ms;
constexpr std::size_t ping_size = 56;
constexpr std::size_t file_piece = std::size_t{64} << 10U;

// By UDP an echo is recognised by its bytes.
std::string ping_payload(std::size_t number) {
  return fmt::format("{:.<{}}", number, ping_size);
}

// Shared with the answers, which may come after the coroutine that sends has ended.
struct Transfer {
  std::string name;
  coro::Clock::time_point started = coro::Clock::now();
  std::uint64_t sent = 0;
  std::uint64_t back = 0;
  bool all_sent = false;
};

void show_if_complete(const Transfer& transfer, Terminal& terminal) {
  if (!transfer.all_sent || transfer.back < transfer.sent) return;
  const auto took = coro::Clock::now() - transfer.started;
  const double rate =
      static_cast<double>(transfer.back) / std::chrono::duration<double>(took).count();
  terminal.say(fmt::format("{}: {} came back the same in {}, {}/s", transfer.name,
                           bytes_text(static_cast<double>(transfer.back)), time_text(took),
                           bytes_text(rate)));
}

// Only a file that has an end and that never blocks. A FIFO, a device or a terminal is not even
// opened, which could have an effect.
boost::system::result<coro::Descriptor, std::string> open_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return coro::last_error().message();
  if (S_ISDIR(status.st_mode)) return "Is a directory";
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  coro::Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open() || ::fstat(file.number(), &status) != 0) return coro::last_error().message();
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  return file;
}

}  // namespace

void send_pings(Channel& link, std::size_t count, program::Histogram& round_trips,
                Terminal& terminal, coro::Yield yield) {
  const auto times = std::make_shared<program::Histogram>();
  for (std::size_t number = 1; number <= count; ++number) {
    if (number > 1 && coro::sleep_for(yield, ping_interval)) break;
    const auto answer = [=, &round_trips, &terminal](const Exchange::Reply& reply) {
      times->record(reply.round_trip);
      round_trips.record(reply.round_trip);
      terminal.say(fmt::format("echo {} of {}: {} bytes in {}", number, count, reply.bytes.size(),
                               time_text(reply.round_trip)));
      if (number == count) terminal.say(round_trip_text(*times));
    };
    if (link.send(ping_payload(number), answer, yield)) break;
  }
}

void send_file(Channel& link, const std::string& path, Terminal& terminal, coro::Yield yield) {
  const auto name = escaped(path);
  const auto file = open_file(path);
  if (!file) return terminal.say(fmt::format("{}: {}", name, file.error()));
  std::vector<char> piece(file_piece);
  const auto transfer = std::make_shared<Transfer>();
  transfer->name = name;
  const auto answer = [=, &terminal](const Exchange::Reply& reply) {
    transfer->back += reply.bytes.size();
    show_if_complete(*transfer, terminal);
  };
  for (;;) {
    const auto size = ::read(file->number(), piece.data(), piece.size());
    if (size < 0) return terminal.say(fmt::format("{}: {}", name, coro::last_error().message()));
    if (size == 0) break;
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(size));
    if (link.send(bytes, answer, yield)) {
      return terminal.say(fmt::format("{}: stopped after {}", name,
                                      bytes_text(static_cast<double>(transfer->sent))));
    }
    transfer->sent += bytes.size();
  }
  transfer->all_sent = true;
  show_if_complete(*transfer, terminal);
}

}  // namespace client
