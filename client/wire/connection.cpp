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
    : coro::Connection(scheduler, std::move(socket)), facts_(std::move(facts)) {}

Connection::~Connection() {
  if (is_encrypted()) finish_sending();
}

coro::error_code Connection::shake_hands(const Tls& tls, coro::Clock::duration limit,
                                         coro::Yield yield) {
  const auto started = coro::Clock::now();
  coro::TlsStream& stream = encrypt(tls.context);
  stream.expect_server(tls.server_name);
  const coro::TimeLimit time(yield, limit);
  auto failed = stream.handshake(yield);
  // After a pause of the whole process the answer may have come.
  if (failed && time.expired()) failed = stream.try_handshake().value_or(error::timed_out);
  if (failed) return failed;
  const auto details = stream.details();
  facts_.handshake_time = coro::Clock::now() - started;
  facts_.encryption = details.version + ' ' + details.cipher;
  return {};
}

std::string name_of(const ConnectionFacts& facts) {
  const auto& peer = facts.peer;
  return Target{peer.address().to_string(), std::to_string(peer.port()), facts.path}.name();
}

std::string connected_text(const ConnectionFacts& facts) {
  auto text = fmt::format("connected to {} in {}", name_of(facts), time_text(facts.connect_time));
  if (facts.handshake_time)
    text += fmt::format(", {} in {}", facts.encryption, time_text(*facts.handshake_time));
  return text;
}

}  // namespace client
