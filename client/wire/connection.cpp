#include "client/wire/connection.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <utility>

#include "client/output/units.hpp"
#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

namespace client {

namespace error = boost::asio::error;

Connection::Connection(coro::Scheduler& scheduler, coro::Descriptor socket, ConnectionFacts facts)
    : number_(socket.number()), stream_(scheduler, std::move(socket)), facts_(std::move(facts)) {}

Connection::~Connection() {
  if (tls_) finish_sending();
}

coro::error_code Connection::shake_hands(const Tls& tls, coro::Clock::duration limit,
                                         coro::Yield yield) {
  const auto started = coro::Clock::now();
  tls_.emplace(yield.scheduler(), stream_, tls.context);
  tls_->expect_server(tls.server_name);
  const coro::TimeLimit time(yield, limit);
  auto failed = tls_->handshake(yield);
  // After a pause of the whole process the answer may have come.
  if (failed && time.expired()) failed = tls_->try_handshake().value_or(error::timed_out);
  if (failed) return failed;
  const auto details = tls_->details();
  facts_.handshake_time = coro::Clock::now() - started;
  facts_.encryption = details.version + ' ' + details.cipher;
  return {};
}

void Connection::finish_sending() {
  if (std::exchange(finished_sending_, true)) return;
  tls_ ? tls_->finish_sending() : stream_.finish_sending();
}

std::string name_of(const boost::asio::ip::tcp::endpoint& peer) {
  return Target{peer.address().to_string(), std::to_string(peer.port())}.name();
}

std::string connected_text(const ConnectionFacts& facts) {
  auto text =
      fmt::format("connected to {} in {}", name_of(facts.peer), time_text(facts.connect_time));
  if (facts.handshake_time)
    text += fmt::format(", {} in {}", facts.encryption, time_text(*facts.handshake_time));
  return text;
}

}  // namespace client
